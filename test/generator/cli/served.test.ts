import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as generated from "../../../generated/regression.js";
import { parseServerUrl } from "../../../generator/cli/served/server-url.js";
import { generateServed } from "../../../generator/generate/generate-client.js";
import { findOrphans, inspect } from "../../../generator/index.js";
import { kserve } from "../../../runtime/engines/kserve/index.js";
import { RemoteEngine } from "../../../runtime/engines/remote/remote-engine.js";
import { serving } from "../../../runtime/engines/serving/index.js";
import type { Engine, SignatureInfo, TensorInfo } from "../../../runtime/index.js";
import { savedmodelBeside } from "../../support/cli.js";
import { expectError, expectRejection } from "../../support/errors.js";
import { readCases } from "../../support/goldens.js";
import { startKServeGrpc, startKServeRest } from "../../support/servers/kserve-server.js";
import { freePorts } from "../../support/servers/own-network.js";
import { startServingGrpc, startServingRest } from "../../support/servers/serving-server.js";
import { modelFolder, tempFolder } from "../../support/temp.js";
import { typeErrors } from "../../support/typescript.js";

const SERVERS = {
  "TensorFlow Serving by gRPC": { start: startServingGrpc, protocol: "serving" },
  "TensorFlow Serving by REST": { start: startServingRest, protocol: "serving" },
  "KServe by gRPC": { start: startKServeGrpc, protocol: "kserve" },
  "KServe by REST": { start: startKServeRest, protocol: "kserve" },
} as const;

/** The first call of the golden of a model that runs a signature: its inputs as JSON, and its only output. */
function goldenOf(
  model: string,
  signature: string,
): { readonly parameters: readonly string[]; readonly output: number } {
  const call = readCases(model)
    .flatMap(({ calls }) => calls)
    .find((call) => call.signature === signature);
  if (call === undefined) throw new Error(`no golden runs ${signature}`);
  const parameters = Object.entries(call.inputs).flatMap(([key, { shape, data }]) => {
    const [rows = 1, columns = 1] = shape;
    const nested = Array.from({ length: rows }, (_, row) => (data ?? []).slice(row * columns, (row + 1) * columns));
    return ["--input", `${key}=${JSON.stringify(nested)}`];
  });
  return { parameters, output: Number(Object.values(call.outputs)[0]?.data?.[0]) };
}

describe("savedmodel run --connect", () => {
  it.each(Object.entries(SERVERS))("prints the numbers of Python from %s", async (_, { start, protocol }) => {
    await using server = await start("custom_model");
    const { parameters, output } = goldenOf("custom_model", "pred");
    const connect = ["--connect", `${protocol}+${server.url}/custom_model`];
    const call = ["--signature", "pred", ...parameters, "--json"];
    const described = await savedmodelBeside(["run", ...connect, ...call]);
    expect(described.stderr).toBe("");
    expect(described.status).toBe(0);
    expect(JSON.parse(described.stdout).output[0][0]).toBeCloseTo(output, 5);
    // The folder describes the model, and the server runs it.
    const compared = await savedmodelBeside(["run", modelFolder("custom_model"), ...connect, ...call]);
    expect(compared).toEqual(described);
    expect(server.calls).toBe(2);
  });

  it("changes the variables of the server", async () => {
    await using server = await startServingGrpc("counter");
    const connect = ["run", "--connect", `serving+${server.url}/counter`, "--json"];
    const by = ["--signature", "increment", "--input", "by=2.5"];
    await savedmodelBeside([...connect, ...by]);
    await savedmodelBeside([...connect, ...by]);
    const { stdout } = await savedmodelBeside([...connect, "--signature", "get"]);
    expect(JSON.parse(stdout)).toEqual({ count: 5 });
  });

  it("reports a signature that the server does not have, and suggests one that it has", async () => {
    await using server = await startServingGrpc("custom_model");
    const { status, stderr } = await savedmodelBeside([
      "run",
      "--connect",
      `serving+${server.url}/custom_model`,
      "--signature",
      "prde",
    ]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error SIGNATURE_NOT_FOUND: .*"prde".* Did you mean "pred"\?/);
  });

  it.each([
    ["run", ["--connect"], ["--signature", "pred", "--input", "inputs=[[1, 1]]"]],
    ["generate", ["--from"], ["--stdout"]],
  ])("%s sends headers, and asks for a version", async (command, [option = ""], more) => {
    await using server = await startServingGrpc("custom_model");
    const address = [command, option, `serving+${server.url}/custom_model`, ...more];
    const headers = ["--header", "authorization: Bearer a:b c", "--header", "x-empty:"];
    const known = await savedmodelBeside([...address, ...headers, "--model-version", "1"]);
    expect(known).toMatchObject({ status: 0, stderr: "" });
    expect(server.headers).toMatchObject({ authorization: "Bearer a:b c", "x-empty": "" });
    const unknown = await savedmodelBeside([...address, "--model-version", "2"]);
    expect(unknown.status).toBe(1);
    expect(unknown.stderr).toMatch(/^error TF_NOT_FOUND: /);
  });

  it.each([
    ["a header without a value", "serving", ["--header", "authorization"], "--header must be a name and a value"],
    [
      "a header without a colon",
      "serving",
      ["--header", "authorization Bearer secret"],
      "--header must be a name and a value",
    ],
    [
      "a header with another sign",
      "serving",
      ["--header", "authorization=secret"],
      "--header must be a name and a value",
    ],
    ["a name that no header has", "serving", ["--header", "a/b: secret"], 'the header "a/b" is not a valid name'],
    ["a version that is not a number", "serving", ["--model-version", "newest"], "--model-version must be a number"],
    ["an empty version", "kserve", ["--model-version", ""], "--model-version must be the name of a version"],
  ])("rejects %s, without its value", async (_, protocol, parameters, message) => {
    const connect = ["--connect", `${protocol}+grpc://127.0.0.1:1/m`, "--signature", "pred"];
    const { status, stderr } = await savedmodelBeside(["run", ...connect, ...parameters]);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^error INVALID_OPTION: /);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("secret");
  });

  it("reports a folder of another model than that of the server", async () => {
    await using server = await startServingGrpc("custom_model");
    const other = ["run", modelFolder("counter"), "--connect", `serving+${server.url}/custom_model`];
    const { status, stderr } = await savedmodelBeside([...other, "--signature", "get"]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error SIGNATURE_MISMATCH: /);
  });

  it("reports a server that does not answer", async () => {
    const [port] = await freePorts(1);
    const { status, stderr } = await savedmodelBeside([
      "run",
      "--connect",
      `serving+http://127.0.0.1:${port}/custom_model`,
    ]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error TF_UNAVAILABLE: /);
  });

  it("calls a served model of KServe by its whole name, or by the name of a signature", async () => {
    await using server = await startKServeRest("custom_model");
    const { parameters } = goldenOf("custom_model", "pred");
    const whole = ["run", "--connect", `kserve+${server.url}/custom_model.pred`];
    const part = ["run", "--connect", `kserve+${server.url}/custom_model`, "--signature", "pred"];
    const { status, stdout } = await savedmodelBeside([...whole, ...parameters]);
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/^output {2}float32 \[1, 1\]\n/) });
    expect((await savedmodelBeside([...part, ...parameters])).stdout).toBe(stdout);
  });

  it.each([[], [modelFolder("custom_model")]])(
    "says how a served model of KServe is called (folder: %s)",
    async (...folder) => {
      await using server = await startKServeGrpc("counter");
      const call = [
        "--connect",
        `kserve+${server.url}/custom_model`,
        "--signature",
        "pred",
        "--input",
        "inputs=[[1, 1]]",
      ];
      const { status, stderr } = await savedmodelBeside(["run", ...folder, ...call]);
      expect(status).toBe(1);
      expect(stderr).toMatch(/^error TF_NOT_FOUND: /);
      expect(stderr).toContain('The served model is "custom_model" without --signature, and "custom_model.pred" with');
      expect(stderr).not.toContain("modelOf");
    },
  );

  it.each([
    ["no folder and no server", [], "no folder was given"],
    [
      "libraries of operations",
      ["--connect", "serving+grpc://h:1/m", "--op-library", "a.so"],
      "--op-library is for a model",
    ],
    ["a header without a server", ["--header", "a: b"], "--header is for a served model"],
    ["a version without a server", ["--model-version", "1"], "--model-version is for a served model"],
    ["tags without a folder", ["--connect", "serving+grpc://h:1/m", "--tags", "serve"], "--tags is for a folder"],
    ["an address without a protocol", ["--connect", "grpc://h:1/m"], "is not the address of a served model"],
  ])("rejects %s", async (_, parameters, message) => {
    const { status, stderr } = await savedmodelBeside(["run", ...parameters]);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe("the address of a served model", () => {
  it.each([
    ["kserve+grpc://h:8001/custom", { protocol: "kserve", url: "grpc://h:8001", model: "custom" }],
    ["serving+https://h/a/b/my%20model", { protocol: "serving", url: "https://h/a/b", model: "my model" }],
    ["kserve+grpcs://[::1]:1/a.b", { protocol: "kserve", url: "grpcs://[::1]:1", model: "a.b" }],
  ])("%s has a protocol, a server and a model", (text, expected) => {
    expect(parseServerUrl("--connect", text)).toEqual(expected);
  });

  it.each([
    "",
    "custom",
    "grpc://h:1/custom",
    "triton+grpc://h:1/custom",
    "kserve+ftp://h:1/custom",
    "kserve+grpc://h:1",
    "kserve+grpc://h:1/",
    "kserve+grpc:///custom",
    "kserve+grpc://h:1/custom/",
    "kserve+http://h:1//custom",
    "serving+http://h:1/custom?version=3",
    "serving+http://h:1/%zz",
  ])("cannot be %j", (text) => {
    const { message } = expectError(() => parseServerUrl("--from", text), "INVALID_OPTION");
    expect(message).toContain("--from: ");
    expect(message).toContain("kserve+http://host:8000/model");
  });
});

/** Describes a served model, as `generate --from` does. */
async function describeAt(engine: Engine, keys?: readonly string[]): ReturnType<RemoteEngine["describe"]> {
  if (!(engine instanceof RemoteEngine)) throw new Error("not an engine on servers");
  try {
    return await engine.describe(keys);
  } finally {
    engine.dispose();
  }
}

describe("savedmodel generate --from", () => {
  it.each(Object.entries(SERVERS))(
    "writes a client of %s that compiles, and connects",
    async (_, { start, protocol }) => {
      await using server = await start("regression");
      const folder = tempFolder();
      const from = ["generate", "--from", `${protocol}+${server.url}/regression`, "-o", "."];
      const keys = protocol === "kserve" ? ["--signature", "pred", "--signature", "evaluate"] : [];
      const { status, stdout, stderr } = await savedmodelBeside([...from, ...keys], folder);
      expect(stderr).toBe("");
      expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining("created regression.ts") });
      const text = readFileSync(join(folder, "regression.ts"), "utf8");
      expect(text).not.toContain(String(server.port));
      const use = `
import { kserve } from "savedmodel/kserve";
import { serving } from "savedmodel/serving";
import { Regression } from "./regression.js";
await using model = await Regression.connect(${protocol}({ url: "x", model: "regression" }));
const { loss } = await model.evaluate({ x: [[1, 2]], target: [[3]] });
const heights: number[][] = (await model.pred([[1, 2]])).toArray();
using loaded: Regression = Regression.load("models/regression");
// @ts-expect-error a served model has no default folder
Regression.load();
const total: number = loss + loaded.evaluate([[3]], [[1, 2]]).mae;
export { heights, kserve, serving, total };
`;
      expect(typeErrors({ "regression.ts": text, "use.ts": use })).toEqual([]);
      const runtime = new URL("../../../runtime/index.ts", import.meta.url).pathname;
      writeFileSync(join(folder, "client.ts"), text.replace('"savedmodel"', JSON.stringify(runtime)));
      const { Regression } = (await import(join(folder, "client.ts"))) as Pick<typeof generated, "Regression">;
      const engine = { kserve, serving }[protocol]({ url: server.url, model: "regression" });
      await using model = await Regression.connect(engine);
      using loaded = generated.Regression.load();
      expect(await model.pred([[1, 2]])).toEqual(loaded.pred([[1, 2]]));
      expectError(() => Regression.load(), "INVALID_ARGUMENT");
      const again = await savedmodelBeside([...from, ...keys], folder);
      expect(again.stdout).toContain("unchanged regression.ts");
    },
  );

  it("describes the signatures of TensorFlow Serving as the folder does, but for what only the graph tells", async () => {
    await using grpc = await startServingGrpc("dtypes");
    await using rest = await startServingRest("dtypes");
    const viaGrpc = await describeAt(serving({ url: grpc.url, model: "dtypes" }));
    // The REST server of the tests tells nothing of defaults.
    const required = viaGrpc.map(({ inputs, ...signature }) => {
      return { ...signature, inputs: inputs.map(({ optional: _, ...input }) => input) };
    });
    expect(await describeAt(serving({ url: rest.url, model: "dtypes" }))).toEqual(required);
    expect(required).not.toEqual(viaGrpc);
    const tensorsOf = (tensors: readonly TensorInfo[]): readonly unknown[] =>
      tensors.map(({ key, dtype, shape }) => ({ key, dtype, shape }));
    const summaryOf = ({ key, inputs, outputs, unsupported }: SignatureInfo): unknown => {
      const sorted = inputs.toSorted((a, b) => (a.key < b.key ? -1 : 1));
      return { key, inputs: tensorsOf(sorted), outputs: tensorsOf(outputs), isSupported: unsupported === undefined };
    };
    const inFolder = inspect(modelFolder("dtypes")).signatures;
    expect(viaGrpc.map(summaryOf)).toEqual(inFolder.map(summaryOf));
  });

  it("writes the client of a served model of KServe as a whole, and says how it connects", async () => {
    await using server = await startKServeRest("custom_model");
    const from = ["generate", "--from", `kserve+${server.url}/custom_model.pred`, "--class-name", "Pred", "--stdout"];
    const { status, stdout, stderr } = await savedmodelBeside(from);
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: expect.stringContaining('modelOf: () => "custom_model.pred"'),
    });
    expect(stdout).toContain("servingDefault(");
  });

  it("omits signatures that a server has no form for, with the reason", async () => {
    await using server = await startServingGrpc("composite");
    const signatures = await describeAt(serving({ url: server.url, model: "composite" }));
    const { notes } = generateServed({ model: "composite", server: "TensorFlow Serving", signatures });
    expect(notes).toContain('signature "deep" is omitted: output "left" is of dtype sparse string');
    expect(notes).toContain('signature "pairs" is omitted: output "points" is of dtype composite');
  });

  it("omits the signatures of a server that does not describe them", async () => {
    await using server = await startKServeRest("custom_model", { hasNoMetadata: true });
    const signatures = await describeAt(kserve({ url: server.url, model: "custom_model" }), ["pred"]);
    expect(signatures.map(({ unsupported }) => unsupported)).toEqual([
      "the server does not describe its inputs and outputs",
    ]);
  });

  it("says what is wrong with a signature that the server does not have", async () => {
    await using server = await startServingRest("custom_model");
    const description = describeAt(serving({ url: server.url, model: "custom_model" }), ["nothing"]);
    await expectRejection(description, "SIGNATURE_NOT_FOUND");
  });

  it("writes a file that is not an orphan of a configuration", async () => {
    await using server = await startServingGrpc("counter");
    const folder = tempFolder();
    mkdirSync(join(folder, "generated"));
    const from = ["generate", "--from", `serving+${server.url}/counter`];
    await savedmodelBeside(from, folder);
    writeFileSync(
      join(folder, "generated/old.ts"),
      "// Generated by savedmodel from models/old (tags: serve). Do not edit.\n",
    );
    expect(findOrphans({ models: [] }, folder, [])).toEqual(["generated/old.ts"]);
  });

  it.each([
    ["a folder", ["models/a"]],
    ["tags", ["--tags", "serve"]],
    ["a configuration", ["-c", "savedmodel.config.ts"]],
    ["--watch", ["--watch"]],
    ["--clean", ["--clean"]],
  ])("rejects %s", async (_, parameters) => {
    const { status, stderr } = await savedmodelBeside(["generate", "--from", "serving+grpc://h:1/m", ...parameters]);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^error INVALID_OPTION: --from reads the model from a server, and /);
  });
});
