import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { generate, inspect } from "../../../generator/index.js";
import { argumentReader } from "../../../runtime/saved-model/arguments/argument-structure.js";
import { calledFunction, openGraph } from "../../../runtime/saved-model/graph/graph.js";
import { decode } from "../../../runtime/saved-model/proto/decode.js";
import type { AttackReport } from "../../support/attack-run.js";
import { attacks } from "../../support/attacks.js";
import { tempFolder } from "../../support/temp.js";

const BYTES = 400_000;
/** They take a minute or two; the limit tells what never ends from a busy machine. */
const TIMEOUT = 3_600_000;

const script = fileURLToPath(new URL("../../support/attack-run.ts", import.meta.url));

/** Attacks that are not described: there is no meta graph to choose. */
const WITHOUT_CHOICE = ["many meta graphs", "many tag sets"];
/** Attacks too large for a client. */
const TOO_LARGE = [
  "many signatures",
  "one signature of many inputs",
  "keys that become one name",
  "an example of many features",
  "one example for many inputs",
  "parsers behind a node of many attributes",
  "a chain of identities",
  "many defaults",
  "signatures in one wrapper",
  "signatures on one call, each of other inputs",
  "a structure for many signatures",
  "a composite of many dimensions",
];

describe("hostile files that would take long or use much memory", () => {
  const reports = new Map<string, AttackReport>();
  beforeAll(() => {
    // The process ends where it needs more memory than this.
    const options = ["--max-old-space-size=700", "--import", "tsx", script, `${BYTES}`];
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, options, {
      encoding: "utf8",
      timeout: TIMEOUT,
      maxBuffer: 2 ** 26,
    });
    for (const line of stdout.split("\n").filter((line) => line.startsWith("{"))) {
      const report = JSON.parse(line) as AttackReport;
      reports.set(report.name, report);
    }
    if (status !== 0) throw new Error(`ended with ${signal ?? status}: ${stderr.slice(-2000)}`);
  }, TIMEOUT);

  it.each(Object.keys(attacks))("describes or rejects quickly: %s", (name) => {
    const { inspect, check, longest } = reports.get(name) ?? { inspect: "nothing", check: "nothing", longest: 0 };
    expect(inspect).toBe(WITHOUT_CHOICE.includes(name) ? "TAGS_NOT_FOUND" : "ok");
    if (WITHOUT_CHOICE.includes(name)) expect(check).toBe("TAGS_NOT_FOUND");
    else expect(check).toBe(TOO_LARGE.includes(name) ? "MODEL_TOO_LARGE" : "ok");
    expect(longest).toBeLessThan(5000);
  });
});

function written(base64: string): string {
  const folder = join(tempFolder(), "m");
  mkdirSync(folder);
  writeFileSync(join(folder, "saved_model.pb"), Buffer.from(base64, "base64"));
  return folder;
}

it("keeps inputs separate if their structure has more components than there are inputs", () => {
  const folder = written(
    "CAESyAEKByIFc2VydmUSVAo2CgRjYWxsEhdTdGF0ZWZ1bFBhcnRpdGlvbmVkQ2FsbBoBYRoBYioPCgFmEgpSCAoGYXV0aG9yEhoKGAoWCgZhdXRob3IS" +
      "BQoBYRgBEgUKAWIYASpHCgFzEkIKEgoBYhINCgNiOjAQARoEEgIIAgoSCgFhEg0KA2E6MBABGgQSAggCEhUKAW8SEAoGY2FsbDowEAEaBBICCAIaAW06" +
      "HhIcCgZhdXRob3ISEhoQogMNCguSAggIAiD/////Bw==",
  );
  expect(inspect(folder).signatures[0]?.inputs.map(({ key }) => key)).toEqual(["a", "b"]);
  // Its graph has no nodes "a" and "b".
  expect(generate(folder).methods).toEqual([]);
});

it("keeps inputs separate if their structure has an unknown dtype", () => {
  const folder = written(
    "CAESWAoHIgVzZXJ2ZSpNCgFzEkgKOAoBchIzKjEKHAgDEhiiAxUKBfoBAhgBCgOAAgAKAmACCgOAAgkSBwoDdjowEAESCAoEc3A6MBAJEgwKAW8SBwoDbzow" +
      "EAE=",
  );
  expect(inspect(folder).signatures).toMatchObject([
    { key: "s", inputs: [{ key: "r", encoding: "composite" }], unsupported: 'input "r" is a composite tensor' },
  ]);
  expect(generate(folder).methods).toEqual([]);
});

describe("decoding of shared data", () => {
  const [metaGraph] = decode("SavedModel", attacks["signatures on one call"]?.(10_000) ?? new Uint8Array()).metaGraphs;
  const graph = openGraph(metaGraph?.graphDef ?? new Uint8Array());

  it("decodes a shared node once, even if all are listed", () => {
    const call = graph.all().find(({ name }) => name === "call");
    expect(call).toBeDefined();
    // Without functions, no node is asked for by its name.
    expect(graph.ofTypes(new Set(["PartitionedCall"]))[0]).toBe(call);
    expect(call && calledFunction(call)).toBe("author");
  });

  it("decodes a shared argument structure once", () => {
    const file = attacks["a structure of many leaves"]?.(1000) ?? new Uint8Array();
    const read = argumentReader(decode("SavedModel", file).metaGraphs[0]?.objectGraphDef ?? new Uint8Array());
    expect(read.exact("author")?.leaves).toHaveLength(100);
    expect(read.exact("author")).toBe(read.exact("author"));
  });
});
