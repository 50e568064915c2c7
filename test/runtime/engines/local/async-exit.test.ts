import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { distUrl } from "../../../support/dist.js";
import { IS_WINDOWS, isWindows } from "../../../support/needs.js";
import { modelFolder, tempFolder } from "../../../support/temp.js";

const runtime = distUrl("runtime/index.js");

/** Some tenths of a second of turning, in calls that are made before the code runs: more than run at a time. */
const PRELUDE = `
import { Model } from ${JSON.stringify(runtime)};
const load = (options) => Model.load(${JSON.stringify(modelFolder("spin"))}, options);
const spin = (model, steps, signal) => model.runAsync("spin", { x: [[1, 0]], steps }, { signal });
const model = load();
const calls = Array.from({ length: 4 }, () => spin(model, 60_000n));
process.on("exit", () => console.log("exit"));
`;

/** Runs a program in a process of its own. One that hangs ends with the signal SIGKILL. */
function run(code: string): { readonly status: number | null; readonly signal: string | null; readonly out: string } {
  const script = join(tempFolder(), "script.mjs");
  writeFileSync(script, PRELUDE + code);
  const options = { encoding: "utf8", timeout: 600_000, killSignal: "SIGKILL" } as const;
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [script], options);
  return { status, signal, out: stdout + (status === 0 ? stderr : "") };
}

describe("processes with asynchronous calls", () => {
  it.each([
    ["ends when they have ended, without being told", "", { status: 0, signal: null }],
    ["ends by process.exit()", "setTimeout(() => process.exit(7), 5);", { status: 7, signal: null }],
    ["ends by process.exit() after dispose()", "model.dispose(); process.exit(7);", { status: 7, signal: null }],
    ["ends by an error", 'setTimeout(() => { throw new Error("x"); }, 5);', { status: 1, signal: null }],
    ["ends by an unhandled rejection", 'Promise.reject(new Error("x"));', { status: 1, signal: null }],
    ["ends when the model is forgotten", 'await calls[3]; console.log("done");', { status: 0, signal: null }],
  ])("a process with asynchronous calls %s", (_, code, ending) => {
    const { out, ...ended } = run(code);
    expect(ended).toEqual(ending);
    expect(out).toBe(code.includes("done") ? "done\nexit\n" : "exit\n");
  });

  it("a process with asynchronous calls ends at a signal", ({ skip }) => {
    skip(isWindows, IS_WINDOWS);
    expect(run('process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000);')).toEqual({
      status: null,
      signal: "SIGTERM",
      out: "",
    });
  });

  it("a process does not wait for the delay of a full batch or of a closed model", () => {
    const code = `
      const batching = { half: { maxBatch: 2, maxDelayMs: 600_000 } };
      const half = (model) => model.runAsync("half", { x: [[2, 4]] }).then(({ y }) => y.data[0], ({ code }) => code);
      const full = load({ batching });
      console.log(await Promise.all([half(full), half(full)]));
      const closed = load({ batching });
      const accepted = half(closed);
      await closed.close();
      console.log(await accepted);
      const disposed = load({ batching });
      const refused = half(disposed);
      disposed.dispose();
      console.log(await refused, disposed.pending);`;
    expect(run(code)).toEqual({ status: 0, signal: null, out: "[ 1, 1 ]\n1\nDISPOSED 0\nexit\n" });
  });

  it("thousands of calls that share a signal print no leak warning", () => {
    const code = `
      import { getEventListeners } from "node:events";
      const { signal } = new AbortController();
      const batched = load({ batching: { half: { maxBatch: 8 } } });
      const half = () => batched.runAsync("half", { x: [[2, 4]] }, { signal });
      await Promise.all([...Array.from({ length: 2000 }, half), ...Array.from({ length: 20 }, () => spin(model, 1n, signal))]);
      console.log(getEventListeners(signal, "abort").length);`;
    expect(run(code)).toEqual({ status: 0, signal: null, out: "0\nexit\n" });
  });
});
