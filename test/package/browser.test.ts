import vm from "node:vm";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { CustomModel } from "../../generated/custom-model.js";
import { distFile } from "../support/dist.js";
import { startKServeRest } from "../support/servers/kserve-server.js";
import { startServingRest } from "../support/servers/serving-server.js";

/** Bundles a program for browsers, with the package as it is published, and without anything of Node.js. */
async function bundle(contents: string): Promise<string> {
  // Fails where the package was not built since its sources changed.
  distFile("browser/index.js");
  const root = new URL("../..", import.meta.url).pathname;
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: root, loader: "ts" },
    bundle: true,
    format: "iife",
    globalName: "program",
    platform: "browser",
    target: "es2023",
    write: false,
    metafile: true,
    logLevel: "silent",
    // The package by its own name, as an application has it.
    plugins: [
      {
        name: "self",
        setup: ({ onResolve }) =>
          onResolve({ filter: /^savedmodel(\/|$)/ }, ({ path }) => {
            const name = path === "savedmodel" ? "index" : path.slice("savedmodel/".length);
            return { path: distFile(`browser/${name}.js`) };
          }),
      },
    ],
  });
  const inputs = Object.keys(metafile.inputs);
  expect(inputs.filter((input) => input.startsWith("node:"))).toEqual([]);
  expect(Object.values(metafile.outputs).flatMap(({ imports }) => imports)).toEqual([]);
  return outputFiles[0]?.text ?? "";
}

/** Runs a bundle where there are the globals of browsers only. */
function runInBrowser(code: string, globals: object): Record<string, (url: string) => Promise<unknown>> {
  const names = [
    "fetch",
    "URL",
    "Headers",
    "Response",
    "AbortController",
    "AbortSignal",
    "TextEncoder",
    "TextDecoder",
    "setTimeout",
    "clearTimeout",
    "queueMicrotask",
    "performance",
    "atob",
    "btoa",
    "console",
  ];
  const context = Object.fromEntries(names.map((name) => [name, Reflect.get(globalThis, name) as unknown]));
  return vm.runInNewContext(`${code}; program`, { ...context, ...globals }) as never;
}

describe("in a browser", () => {
  const program = `
    import { cluster } from "savedmodel/cluster";
    import { kserve } from "savedmodel/kserve";
    import { serving } from "savedmodel/serving";
    import { SavedModelError } from "savedmodel";
    import { CustomModel } from "./generated/custom-model.js";
    async function run(engine) {
      const model = await CustomModel.connect(engine);
      const losses = [await model.train([[1, 2]], [[3]]), await model.train([[1, 2]], [[3]])];
      const prediction = (await model.pred([[1, 2]])).toArray();
      await model.close();
      return JSON.stringify([...losses, prediction]);
    }
    const codeOf = (error) => (error instanceof SavedModelError ? error.message : String(error));
    export const viaKServe = (url) => run(kserve({ url, model: "custom_model" }));
    export const viaServing = (url) => run(serving({ url, model: "custom_model" }));
    export const viaGrpc = (url) => run(kserve({ url, model: "custom_model" })).catch(codeOf);
    export const viaCluster = async (url) => {
      try {
        return cluster({ url });
      } catch (error) {
        return codeOf(error);
      }
    };
    export const load = async () => {
      try {
        return CustomModel.load();
      } catch (error) {
        return codeOf(error);
      }
    };`;

  it("a generated client calls servers by REST, in a bundle without Node.js", async () => {
    await using first = await startKServeRest("custom_model");
    await using second = await startServingRest("custom_model");
    using local = CustomModel.load();
    const losses = [local.train([[1, 2]], [[3]]), local.train([[1, 2]], [[3]])];
    const expected = JSON.stringify([...losses, local.pred([[1, 2]]).toArray()]);
    const exports = runInBrowser(await bundle(program), {});
    expect(await exports.viaKServe?.(first.url)).toBe(expected);
    expect(await exports.viaServing?.(second.url)).toBe(expected);
  });

  it("says what a browser cannot do", async () => {
    const exports = runInBrowser(await bundle(program), {});
    expect(await exports.viaGrpc?.("grpc://127.0.0.1:1")).toBe(
      "UNSUPPORTED_BY_ENGINE: CustomModel.connect(): a browser cannot connect to a grpc:// address. Use the server's http:// or https:// address.",
    );
    expect(await exports.viaCluster?.("grpc://127.0.0.1:1")).toBe(
      "UNSUPPORTED_BY_ENGINE: cluster(): a browser cannot connect to a grpc:// address. Connect to a server with an http:// address: `connect(kserve({ … }))` or `connect(serving({ … }))`.",
    );
    expect(await exports.load?.("")).toBe(
      "UNSUPPORTED_BY_ENGINE: load(): a browser cannot load a model. Connect to a server: `connect(kserve({ … }))` or `connect(serving({ … }))`.",
    );
  });
});
