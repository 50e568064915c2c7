import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CustomModel } from "../../../generated/custom-model.js";
import { Regression } from "../../../generated/regression.js";
import { Spin } from "../../../generated/spin.js";
import { loadLocalEngine } from "../../../runtime/engines/local/local-engine.js";
import { type Engine, fit, Model } from "../../../runtime/index.js";
import { distUrl } from "../../support/dist.js";
import { expectError, expectRejection } from "../../support/errors.js";
import { modelFolder, tempFolder } from "../../support/temp.js";

/** An engine that is asynchronous only and has no variables, as one of another machine; TensorFlow runs behind it. */
function remoteEngine(name: string): Engine & { readonly isDisposed: boolean } {
  const local = loadLocalEngine("load", undefined, modelFolder(name), {}, () => undefined);
  let isDisposed = false;
  return {
    source: `http://127.0.0.1/${name}`,
    signatures: local.signatures,
    pool: local.pool,
    prepare: (signature) => {
      const execution = local.prepare(signature);
      return { writes: execution.writes, start: (...parameters) => execution.start(...parameters) };
    },
    dispose: () => {
      isDisposed = true;
      local.dispose();
    },
    get isDisposed() {
      return isDisposed;
    },
  };
}

describe("connect", () => {
  it("runs the methods of a client on an engine that is asynchronous only", async () => {
    using local = CustomModel.load();
    const engine = remoteEngine("custom_model");
    {
      await using remote = await CustomModel.connect(engine);
      expect(remote.source).toBe("http://127.0.0.1/custom_model");
      const prediction = await remote.pred([[1, 2]]);
      expect(prediction.toArray()).toEqual(local.pred([[1, 2]]).toArray());
      expect(await remote.train([[1, 2]], [[3]])).toBe(local.train([[1, 2]], [[3]]));
      expect((await remote.pred([[1, 2]])).toArray()).toEqual(local.pred([[1, 2]]).toArray());
      expect(engine.isDisposed).toBe(false);
    }
    expect(engine.isDisposed).toBe(true);
  });

  it("reads, saves and restores variables in turn with the calls, where the engine can", async () => {
    const local = loadLocalEngine("load", undefined, modelFolder("custom_model"), {}, () => undefined);
    await using model = await CustomModel.connect(local);
    const prefix = join(tempFolder(), "weights");
    const before = (await model.variables()).map(({ value }) => value?.toArray());
    const [, , saved, , found] = await Promise.all([
      model.saveWeights(prefix),
      model.train([[1, 2]], [[3]]),
      model.variables(),
      model.restore(prefix),
      model.variables(),
    ]);
    expect(saved.map(({ value }) => value?.toArray())).not.toEqual(before);
    expect(found.map(({ value }) => value?.toArray())).toEqual(before);
    const copy = join(tempFolder(), "copy");
    await model.save(copy);
    expect(existsSync(join(copy, "saved_model.pb"))).toBe(true);
    await using remote = await CustomModel.connect(remoteEngine("custom_model"));
    const error = await expectRejection(remote.saveWeights(prefix), "UNSUPPORTED_BY_ENGINE");
    expect(error.rawMessage).toBe("saveWeights(): not supported for http://127.0.0.1/custom_model");
  });

  it("checks inputs as a client that loads does, and rejects with its errors", async () => {
    await using remote = await CustomModel.connect(Promise.resolve(remoteEngine("custom_model")));
    const error = await expectRejection(remote.pred([[1, 2, 3]] as never), "INVALID_SHAPE");
    expect(error.rawMessage).toContain('pred(): input "inputs"');
  });

  it("waits for accepted calls when it is closed, and accepts no more", async () => {
    const engine = remoteEngine("custom_model");
    const remote = await CustomModel.connect(engine);
    const accepted = remote.pred([[1, 2]]);
    const closed = remote.close();
    await expectRejection(remote.pred([[1, 2]]), "DISPOSED");
    expect((await accepted).shape).toEqual([1, 1]);
    await closed;
    expect(engine.isDisposed).toBe(true);
  });

  it("rejects an engine with other signatures, and disposes it", async () => {
    const engine = remoteEngine("custom_model");
    const error = await expectRejection(Regression.connect(engine), "SIGNATURE_MISMATCH");
    expect(error.rawMessage).toContain("http://127.0.0.1/custom_model does not match the generated Regression");
    expect(engine.isDisposed).toBe(true);
  });

  it.each([
    [{ concurency: 2 }, /CustomModel\.connect\(\).*concurency/],
    [{ concurrency: 0 }, /CustomModel\.connect\(\).*concurrency/],
    [{ readOnly: "pred" }, /CustomModel\.connect\(\).*readOnly/],
  ])("rejects the options %o, and disposes the engine", async (options, message) => {
    const engine = remoteEngine("custom_model");
    const error = await expectRejection(CustomModel.connect(engine, options as never), "INVALID_OPTION");
    expect(error.rawMessage).toMatch(message);
    expect(engine.isDisposed).toBe(true);
  });

  it("batches calls of any engine", async () => {
    const engine = remoteEngine("spin");
    let runs = 0;
    const counting: Engine = {
      source: engine.source,
      signatures: engine.signatures,
      pool: engine.pool,
      prepare: (signature) => {
        const execution = engine.prepare(signature);
        return {
          writes: execution.writes,
          start: (...parameters) => {
            runs++;
            return execution.start(...parameters);
          },
        };
      },
      dispose: () => engine.dispose(),
    };
    await using remote = await Spin.connect(counting, { batching: { half: { maxBatch: 8 } } });
    const results = await Promise.all([remote.half([[2, 4]]), remote.half([[6, 8]])]);
    expect(results.map((result) => result.toArray())).toEqual([[[1, 2]], [[3, 4]]]);
    expect(runs).toBe(1);
  });
});

describe("a client of an engine that lacks something", () => {
  class Anything extends Model {
    constructor(engine: Engine) {
      super(undefined, engine);
    }
  }

  it("names the engine and what it lacks", async () => {
    await using model = new Anything(remoteEngine("custom_model"));
    const attempts = {
      "save()": () => model.save("nowhere"),
      "saveWeights()": () => model.saveWeights("nowhere"),
      "restore()": () => model.restore("nowhere"),
      "variables()": () => model.variables(),
      "devices()": () => model.devices(),
      "trace()": () => model.trace(() => {}),
    };
    for (const [call, attempt] of Object.entries(attempts)) {
      const { rawMessage } = expectError(attempt, "UNSUPPORTED_BY_ENGINE");
      expect(rawMessage).toBe(`${call}: not supported for http://127.0.0.1/custom_model`);
    }
  });

  it("says of a call on the calling thread what to do instead", async () => {
    await using model = new Anything(remoteEngine("custom_model"));
    const error = expectError(() => model.run("pred", { inputs: [[1, 2]] }), "UNSUPPORTED_BY_ENGINE");
    expect(error.rawMessage).toBe("pred(): http://127.0.0.1/custom_model runs asynchronously only");
    expect((await model.runAsync("pred", { inputs: [[1, 2]] })).output?.shape).toEqual([1, 1]);
  });

  it("has ordinary memory in place of what the engine would read without a copy", async () => {
    await using model = new Anything(remoteEngine("custom_model"));
    const tensor = model.allocate("float32", [1, 2]);
    tensor.data.set([1, 2]);
    expect((await model.runAsync("pred", { inputs: tensor })).output?.shape).toEqual([1, 1]);
  });
});

it("fit trains a fake client, whose engine has no variables", async () => {
  let calls = 0;
  const model = CustomModel.fake({ train: () => ++calls });
  const history = await fit(model.train, [[[1, 2]], [[3]]], { epochs: 2 });
  expect([calls, history.epochs.length]).toEqual([2, 2]);
});

it("the package is imported, and a fake client runs, where koffi cannot be resolved", () => {
  const url = (name: string): string => JSON.stringify(distUrl(`runtime/${name}`));
  const program = `
    import Module from "node:module";
    const resolve = Module._resolveFilename;
    Module._resolveFilename = (request, ...rest) => {
      if (request === "koffi") throw new Error("koffi was asked for");
      return resolve(request, ...rest);
    };
    const { Model, Tensor } = await import(${url("index.js")});
    const { split } = await import(${url("data/index.js")});
    const x = { key: "x", dtype: "float32", shape: [null] };
    const descriptor = { name: "F", directory: "f", tags: [], signatures: [{ key: "f", inputs: [x], outputs: [{ ...x, key: "y" }] }] };
    class F extends Model {
      static fake(fake) { return new F(descriptor, { fake }); }
      f(...inputs) { return this.call("f", inputs); }
    }
    const model = F.fake({ f: (x) => x.data.map((value) => 2 * value) });
    console.log(model.f([1, 2]).toArray().join(), Tensor.from("int32", [3]).item(), typeof split);`;
  const output = execFileSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" });
  expect(output).toBe("2,4 3 function\n");
});
