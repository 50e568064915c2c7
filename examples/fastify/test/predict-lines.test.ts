import { describe, expect, it } from "vitest";
import { Regression } from "../src/generated/regression.js";
import { predictLines } from "../src/predict-lines.js";
import { ServedModel } from "../src/served-model.js";

const served = new ServedModel(() =>
  Regression.fake({ pred: ({ data }) => Array.from({ length: data.length / 2 }, (_, row) => [Number(data[2 * row])]) }),
);
const { signal } = new AbortController();

async function predict(...chunks: readonly (string | Uint8Array)[]): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const text of predictLines(served, bytes(chunks), signal)) lines.push(text);
  return lines;
}

async function* bytes(chunks: Iterable<string | Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield typeof chunk === "string" ? Buffer.from(chunk) : chunk;
}

describe("predictLines", () => {
  it("answers rows that arrived together in one batch, however lines are split", async () => {
    expect(await predict("[1, 0]\n[2, 0]\n[3,", " 0]\r\n\n", "[4, 0]")).toEqual(["1\n2\n", "3\n", "4\n"]);
  });

  it.each([
    ["text", "[1, 0]\nnone\n[2, 0]\n", "BAD_ROW"],
    ["a number too many", "[1, 0]\n[1, 2, 3]\n", "BAD_ROW"],
    ["a line without an end", `[1, 0]\n[${" ".repeat(70_000)}`, "INTERNAL"],
  ])("ends the answer with an error at %s", async (_what, text, code) => {
    const [last] = (await predict(text)).slice(-1);
    expect(JSON.parse(last ?? "")).toEqual({ error: { code, message: expect.any(String) } });
  });

  it("reads only as fast as its reader consumes", async () => {
    let taken = 0;
    function* endless(): Generator<string> {
      for (;;) yield `[${++taken}, 0]\n`;
    }
    const lines = predictLines(served, bytes(endless()), signal);
    expect([await lines.next(), taken]).toEqual([{ done: false, value: "1\n" }, 1]);
    expect([await lines.next(), taken]).toEqual([{ done: false, value: "2\n" }, 2]);
    await lines.return(undefined);
  });
});
