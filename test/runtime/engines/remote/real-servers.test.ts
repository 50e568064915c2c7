import { isUtf8 } from "node:buffer";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { kserve } from "../../../../runtime/engines/kserve/index.js";
import { serving } from "../../../../runtime/engines/serving/index.js";
import type { Engine } from "../../../../runtime/index.js";
import type { GoldenTensor } from "../../../support/goldens.js";
import { compareGoldens, type Exception } from "../../../support/servers/golden-calls.js";
import { needsServer } from "../../../support/servers/needs-server.js";
import { freePorts } from "../../../support/servers/own-network.js";
import { startPython, until } from "../../../support/servers/python-server.js";
import { modelFolder, tempFolder } from "../../../support/temp.js";

// Servers that others wrote, with TensorFlow in Python behind them. Each variable names a Python interpreter that has the
// server's package and TensorFlow: `npm run conformance` installs them and sets the variables.

const DTYPES = [
  "bool",
  "uint8",
  "uint16",
  "uint32",
  "uint64",
  "int8",
  "int16",
  "int32",
  "int64",
  "float16",
  "float32",
  "float64",
];

async function answers(url: string): Promise<boolean> {
  return await fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** Compares the calls of a model's goldens, of those signatures that the server has. */
async function compare(
  name: string,
  signatures: readonly string[],
  engine: () => Engine,
  exceptions: Exception = () => [],
): Promise<void> {
  const unserved: Exception = (signature, inputs) =>
    signatures.includes(signature) ? exceptions(signature, inputs) : ["SIGNATURE_UNSUPPORTED"];
  const connect = async () => ({ engine: engine(), end: async () => {} });
  expect(await compareGoldens(name, connect, unserved)).toBeGreaterThan(0);
}

function hasNotFinite(inputs: Readonly<Record<string, GoldenTensor>>): boolean {
  // NaN is written as its bits.
  const isText = (value: unknown): boolean => typeof value === "string" && value !== "-0";
  return Object.values(inputs).some(({ dtype, data }) => dtype.startsWith("float") && (data ?? []).some(isText));
}

function hasBytes(inputs: Readonly<Record<string, GoldenTensor>>): boolean {
  const isText = (value: unknown): boolean => isUtf8(Buffer.from(String(value), "base64"));
  return Object.values(inputs).some(({ dtype, data }) => dtype === "string" && !(data ?? []).every(isText));
}

function isEmptyText(signature: string, inputs: Readonly<Record<string, GoldenTensor>>): boolean {
  return signature === "string" && Object.values(inputs).some(({ data }) => (data ?? []).length === 0);
}

describe("MLServer", () => {
  const python = needsServer("mlserver");

  it("MLServer returns the numbers of TensorFlow in Python, by gRPC and REST", async () => {
    const models = tempFolder();
    const [http, grpc] = await freePorts(2);
    const settings = {
      host: "127.0.0.1",
      http_port: http,
      grpc_port: grpc,
      parallel_workers: 0,
      metrics_endpoint: null,
    };
    writeFileSync(join(models, "settings.json"), JSON.stringify(settings));
    // It makes Python's numbers of elements, which keep NaN of 16 bits, but not its bits.
    const dtypes = DTYPES.filter((dtype) => dtype !== "float16");
    const served = { dtypes: [...dtypes, "string", "scalar_int64", "matrix"], text: ["describe", "echo", "greet"] };
    for (const [model, signatures] of Object.entries(served)) {
      for (const signature of signatures) {
        const place = join(models, `${model}.${signature}`);
        mkdirSync(place);
        const parameters = { extra: { folder: modelFolder(model), signature } };
        const described = {
          name: `${model}.${signature}`,
          implementation: "mlserver_model.SignatureModel",
          parameters,
        };
        writeFileSync(join(place, "model-settings.json"), JSON.stringify(described));
      }
    }
    const server = startPython(python, ["-m", "mlserver.cli.main", "start", models], models);
    await until(server, () => answers(`http://127.0.0.1:${http}/v2/health/ready`));
    for (const url of [`grpc://127.0.0.1:${grpc}`, `http://127.0.0.1:${http}`]) {
      for (const [model, signatures] of Object.entries(served)) {
        // By REST it has JSON only, without numbers that are not finite, and bytes that are not text.
        const lost: Exception = (_signature, inputs) =>
          url.startsWith("grpc:")
            ? []
            : hasNotFinite(inputs)
              ? ["OUT_OF_RANGE"]
              : hasBytes(inputs)
                ? ["INVALID_UTF8"]
                : [];
        await compare(model, signatures, () => kserve({ url, model, signatures }), lost);
      }
    }
  });
});

describe("Triton", () => {
  const python = needsServer("triton");

  it("Triton returns the numbers of TensorFlow in Python, by gRPC and REST", async () => {
    const [http, grpc] = await freePorts(2);
    const model = "dtypes";
    const server = startPython(python, ["triton_server.py", String(http), String(grpc), model, modelFolder(model)]);
    await until(server, () => server.output.includes("ready\n"));
    const signatures = [...DTYPES, "string", "scalar_int64", "matrix"];
    for (const url of [`grpc://127.0.0.1:${grpc}`, `http://127.0.0.1:${http}`]) {
      // Triton's Python client fails on strings without elements: "Iteration of zero-sized operands is not enabled".
      const fails: Exception = (signature, inputs) => (isEmptyText(signature, inputs) ? ["TF_INTERNAL"] : []);
      await compare(model, signatures, () => kserve({ url, model, signatures }), fails);
    }
  });
});

describe("TensorFlow Serving's stubs", () => {
  const python = needsServer("serving");

  async function startStubs(model: string): Promise<{ readonly url: string; readonly end: () => Promise<void> }> {
    const [port] = await freePorts(1);
    const server = startPython(python, ["prediction_service.py", String(port), model, modelFolder(model)]);
    await until(server, () => server.output.includes("ready\n"));
    return { url: `grpc://127.0.0.1:${port}`, end: async () => void server.kill("SIGKILL") };
  }

  it.each(["dtypes", "text"])(
    "TensorFlow Serving's stubs return the numbers of TensorFlow in Python: %s",
    async (model) => {
      const { url } = await startStubs(model);
      const connect = async () => ({ engine: serving({ url, model }), end: async () => {} });
      expect(await compareGoldens(model, connect)).toBeGreaterThan(0);
    },
  );

  it.each(["custom_model", "regression"])(
    "TensorFlow Serving's stubs train like TensorFlow in Python: %s",
    async (model) => {
      const compared = await compareGoldens(model, async () => {
        const { url, end } = await startStubs(model);
        return { engine: serving({ url, model }), end };
      });
      expect(compared).toBeGreaterThan(0);
    },
  );
});
