import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { distUrl } from "../../../support/dist.js";
import { needs } from "../../../support/needs.js";
import { hasNodes, nodeOf, nodeVersions, platform } from "../../../support/nodes.js";
import { modelFolder, tempFolder } from "../../../support/temp.js";

const runtime = distUrl("runtime/index.js");
const IMAGE = [224, 224, 3];
const IMAGE_BYTES = 224 * 224 * 3 * 4;

/** Beginning of every program, in the main thread and in workers. */
const SETUP = `
  import { Model } from ${JSON.stringify(runtime)};
  import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
  const model = Model.load(${JSON.stringify(modelFolder("dtypes"))});
  const feed = (tensor) => model.run("unknown_rank", { x: tensor }).y;
  const image = (value) => {
    const tensor = model.allocate("float32", ${JSON.stringify(IMAGE)});
    tensor.data.fill(value);
    return tensor;
  };
  const start = (mode) => new Worker(new URL(import.meta.url), { workerData: mode });
  const exitOf = (worker) => new Promise((resolve, reject) => worker.once("exit", resolve).once("error", reject));
  const wordOf = (worker) => new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
`;

/** Programs by their behavior. */
const PROGRAMS = {
  ends: `
    const kept = image(1);
    for (const value of [1, 2, 3]) {
      kept.data.fill(value);
      if (feed(kept).data[9] !== value) throw new Error("wrong");
    }
    if (isMainThread) {
      const [first, second] = [start("end"), start("wait")];
      const [ended, word] = await Promise.all([exitOf(first), wordOf(second)]);
      console.log(ended, word, await second.terminate());
      if (process.argv[2] === "exit") process.exit(3);
      if (process.argv[2] === "throw") throw new Error("uncaught");
    } else {
      parentPort.postMessage("fed");
      if (workerData === "wait") await new Promise(() => setInterval(() => {}, 1000));
    }`,
  transfers: `
    if (isMainThread) {
      const worker = start();
      const moved = ["post", "clone", ...(ArrayBuffer.prototype.transfer ? ["transfer"] : [])].map((way) => {
        const tensor = image(5);
        feed(tensor);
        feed(tensor);
        const { buffer, byteOffset, length } = tensor.data;
        let elements;
        if (way === "post") worker.postMessage({ buffer, byteOffset, length }, [buffer]);
        else {
          const other = way === "clone" ? structuredClone(buffer, { transfer: [buffer] }) : buffer.transfer();
          elements = new Float32Array(other, byteOffset, length);
        }
        for (let count = 0; count < 20; count++) feed(image(7));
        let code;
        try { feed(tensor) } catch (error) { code = error.code }
        return { code, fives: elements?.every((value) => value === 5) };
      });
      console.log(JSON.stringify([...moved.slice(1), { ...moved[0], fives: await wordOf(worker) }]));
    } else {
      parentPort.once("message", ({ buffer, byteOffset, length }) => {
        parentPort.postMessage(new Float32Array(buffer, byteOffset, length).every((value) => value === 5));
      });
    }`,
  loop: `
    const rounds = (count) => { for (let i = 0; i < count; i++) feed(image(i)); };
    rounds(100);
    const before = process.memoryUsage().rss;
    rounds(2000);
    console.log(process.memoryUsage().rss - before);`,
  workers: `
    if (isMainThread) {
      const threads = async (count) => { for (let i = 0; i < count; i++) await exitOf(start()); };
      await threads(2);
      const before = process.memoryUsage().rss;
      await threads(8);
      console.log(process.memoryUsage().rss - before);
    } else {
      const kept = Array.from({ length: 100 }, (_, index) => image(index));
      for (const tensor of kept) feed(tensor);
      parentPort.postMessage(kept.length);
    }`,
} as const;

const others = nodeVersions.map((version) => ({ name: `Node.js ${version}`, version, skip: !hasNodes }));
const running = { name: "the Node.js that runs the tests", version: undefined, skip: false };

describe.each([running, ...others])(
  `allocate on $name${hasNodes ? "" : ` (npm has none for ${platform})`}`,
  ({ version, skip }) => {
    needs(!skip, `npm has no Node.js for ${platform}`);
    const run = (name: keyof typeof PROGRAMS, ...parameters: string[]): { status: number | null; out: string } => {
      const file = join(tempFolder(), "program.mjs");
      writeFileSync(file, SETUP + PROGRAMS[name]);
      const program = version === undefined ? process.execPath : nodeOf(version);
      const options = { encoding: "utf8", timeout: 400_000, killSignal: "SIGKILL" } as const;
      const { status, stdout, stderr } = spawnSync(program, [file, ...parameters], options);
      return { status, out: stdout + (status === 0 ? stderr : "") };
    };
    const grown = (name: "loop" | "workers"): number => {
      const { status, out } = run(name);
      expect(status, out).toBe(0);
      return Number(out);
    };

    it("Tensor.allocate works when the process and its workers exit in any way", () => {
      const out = "0 fed 1\n";
      expect(run("ends")).toEqual({ status: 0, out });
      expect(run("ends", "exit")).toEqual({ status: 3, out });
      expect(run("ends", "throw")).toEqual({ status: 1, out });
    }, 1_200_000);

    it("Tensor.allocate keeps its elements when the buffer is transferred", () => {
      const ways = Number.parseInt(version ?? process.versions.node, 10) >= 22 ? 3 : 2;
      const { status, out } = run("transfers");
      expect(status, out).toBe(0);
      expect(JSON.parse(out)).toEqual(Array.from({ length: ways }, () => ({ code: "INVALID_SIZE", fives: true })));
    }, 400_000);

    it("Tensor.allocate is collected in a synchronous loop", () => {
      // All 2,000 would be 1.2 GB.
      expect(grown("loop")).toBeLessThan(600 * IMAGE_BYTES);
    }, 400_000);

    it("Tensor.allocate is collected with the worker that called it", () => {
      // All 800 would be 480 MB.
      expect(grown("workers")).toBeLessThan(400 * IMAGE_BYTES);
    }, 400_000);
  },
);
