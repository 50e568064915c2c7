import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { inspect } from "../../../generator/index.js";
import { encodeMessage } from "../../support/saved-model.js";
import { copyOfModel } from "../../support/temp.js";
import { tagOf, varint } from "../../support/wire.js";

it("the fingerprint has all 64 bits of its hashes", () => {
  const model = copyOfModel("counter");
  const largest = Uint8Array.from([...Array(9).fill(255), 1]);
  const rest = encodeMessage("FingerprintDef", { version: { producer: 4 } });
  const bytes = Buffer.concat([tagOf(1, 0), largest, tagOf(2, 0), varint(2 ** 53), rest]);
  writeFileSync(join(model, "fingerprint.pb"), bytes);
  expect(inspect(model).fingerprint).toEqual({
    savedModelChecksum: "18446744073709551615",
    graphDefProgramHash: "9007199254740992",
    signatureDefHash: "0",
    savedObjectGraphHash: "0",
    checkpointHash: "0",
    version: 4,
  });
});

it("reads the fingerprint that TensorFlow wrote", () => {
  const { fingerprint } = inspect(copyOfModel("counter"));
  const { version, ...hashes } = fingerprint ?? { version: 0 };
  expect(version).toBeGreaterThan(0);
  expect(Object.values(hashes).length).toBe(5);
  for (const hash of Object.values(hashes)) expect(hash).toMatch(/^[1-9]\d{5,19}$/);
});

it("treats a missing, empty, broken, huge or folder fingerprint as absent", () => {
  const model = copyOfModel("counter");
  const file = join(model, "fingerprint.pb");
  for (const content of [new Uint8Array(), Uint8Array.of(255), new Uint8Array(100_000)]) {
    writeFileSync(file, content);
    expect(inspect(model)).not.toHaveProperty("fingerprint");
  }
  rmSync(file);
  expect(inspect(model)).not.toHaveProperty("fingerprint");
  mkdirSync(file);
  expect(inspect(model)).not.toHaveProperty("fingerprint");
});
