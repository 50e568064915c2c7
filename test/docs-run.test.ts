import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { type Block, blocksIn, blocksOf, placeOf, readFromRoot } from "./support/documents.js";
import { isSame, keeps, markLines, printedLines } from "./support/printed.js";
import { exampleProject, startExample } from "./support/run-example.js";

/** Programs that need what is not there: an archive of NumPy, a compiled operation, a pack of operations, a GPU, a server. */
const NOT_RUN: readonly RegExp[] = [
  /"data\.npz"/,
  /"ops\/zero_out\.so"/,
  /"tensorflow-text"/,
  /gpu: \{/,
  /"savedmodel\/(cluster|kserve|serving)"/,
];

/** Comments behind `console.log(…)` that describe, and do not quote. */
const PROSE: ReadonlySet<string> = new Set(["and INVALID_SHAPE at run time", "the three steps, in call order"]);

let folder: string;
beforeAll(() => {
  folder = exampleProject();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const programs = blocksIn("ts").filter(
  ({ code }) => !isServer(code) && !needsOthers(code) && !NOT_RUN.some((need) => need.test(code)),
);

/** Such a program ends only when it is told to. */
function isServer(code: string): boolean {
  return code.includes(".listen(");
}

/** Returns whether a program imports anything but this package, Node.js and generated clients. */
function needsOthers(code: string): boolean {
  const imported = Array.from(code.matchAll(/(?:from|import\(?) ?"([^"]+)"/g), ([, name = ""]) => name);
  return imported.some((name) => !/^(?:savedmodel(?:\/|$)|node:|\.\/generated\/)/.test(name));
}

describe("programs of documents", () => {
  it.each(programs.map((block) => [placeOf(block), block] as const))(
    "%s prints what it documents",
    async (_, block) => {
      const program = startExample(folder, block, markLines(block.code));
      onTestFinished(() => program.kill("SIGKILL"));
      const { stdout, stderr, status } = await program.ended;
      expect(status, stderr).toBe(0);
      const broken = printedLines(block.code, stdout).filter((line) => !PROSE.has(line.promised) && !keeps(line));
      expect(broken).toEqual([]);
      const output = documentedOutput(block);
      if (output !== undefined && !isSame(stdout, output)) expect(stdout).toBe(output);
    },
  );
});

/** The text without a language right below a program, or below one line that ends with a colon. */
function documentedOutput(program: Block): string | undefined {
  const blocks = blocksOf(program.document);
  const next = blocks[blocks.findIndex(({ line }) => line === program.line) + 1];
  if (next?.language !== "") return undefined;
  const end = program.line + program.code.split("\n").length;
  const between = readFromRoot(program.document)
    .split("\n")
    .slice(end - 1, next.line - 2);
  const words = between.filter((line) => line !== "");
  return words.length === 0 || (words.length === 1 && words[0]?.endsWith(":")) ? next.code : undefined;
}

describe("the server of docs/serving.md", () => {
  const [program] = blocksOf("docs/serving.md").filter(({ code }) => isServer(code));

  it("answers, rejects, reloads under load, and exits on SIGTERM", async () => {
    if (program === undefined) throw new Error("docs/serving.md has no server");
    // A busy machine may take longer than a caller of the documented server waits.
    const patient = program.code.replace("TIMEOUT_MS = 2_000", "TIMEOUT_MS = 600_000");
    expect(patient).not.toBe(program.code);
    const server = startExample(folder, program, patient, { PORT: "0" });
    onTestFinished(() => server.kill("SIGKILL"));
    const port = await vi.waitUntil(() => /port: (\d+)/.exec(server.stdout())?.[1], { timeout: 600_000 });
    const get = (path: string): Promise<Response> => fetch(`http://localhost:${port}${path}`);
    const pred = (body: string): Promise<Response> => fetch(`http://localhost:${port}/pred`, { method: "POST", body });

    expect([(await get("/live")).status, (await get("/ready")).status, (await get("/else")).status]).toEqual([
      200, 200, 404,
    ]);
    const documented = blocksOf("docs/serving.md").find(({ language }) => language === "")?.code ?? "";
    const shown = Array.from(documented.matchAll(/-d '(.*)'\n(.*)\n/g), ([, body = "", answer]) => ({ body, answer }));
    expect(shown.length).toBeGreaterThan(0);
    for (const { body, answer } of shown) expect(await (await pred(body)).text()).toBe(answer);
    for (const [body, status] of Object.entries({
      "{": 400,
      "{}": 400,
      "[[1],[2,3]]": 400,
      [" ".repeat(1e6 + 1)]: 413,
    })) {
      expect((await pred(body)).status).toBe(status);
    }

    const callers = Array.from({ length: 8 }, async () => {
      const statuses: number[] = [];
      for (let call = 0; call < 50; call++) {
        if (call % 10 === 0) server.kill("SIGHUP");
        const response = await pred("[[1, 2]]");
        await response.text();
        statuses.push(response.status);
      }
      return statuses;
    });
    expect(new Set((await Promise.all(callers)).flat())).toEqual(new Set([200]));

    const last = pred("[[1, 2]]");
    await vi.waitUntil(async () => (await get("/live")).ok, { timeout: 600_000 });
    server.kill("SIGTERM");
    expect((await last).status).toBe(200);
    const { status, stderr } = await server.ended;
    expect([stderr, status]).toEqual(["", 0]);
  });
});
