import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { inspect } from "../../generator/index.js";
import { CLUSTER_IN_C, loopCommand } from "../contestants/c.js";
import type { CallCase } from "../contestants/case.js";
import { startTeam } from "../contestants/program.js";
import { isWanted } from "../options.js";
import { paceOf, type Suite } from "./suite.js";

/** Compares the client of TensorFlow's own servers with that of its library, on one server. */
export const cluster: Suite = async function* (workplace, options) {
  const cases = ["pred", "train"].map((signature): CallCase => ({ name: `cluster/${signature}`, signature }));
  const wanted = cases.filter(({ name }) => isWanted(name, options.only));
  if (wanted.length === 0) return;
  const model = inspect("test/models/custom_model");
  const server = await startServer(workplace.root);
  const args = [join(workplace.programs, "cluster.js"), server.target, JSON.stringify(wanted)];
  const [c, client] = await Promise.all([
    startTeam(loopCommand(workplace, server.target, model, wanted), workplace.root),
    startTeam({ file: process.execPath, args }, workplace.root),
  ]);
  try {
    for (const { name, signature } of wanted) {
      const title = `${signature}() of custom_model on a server of TensorFlow's runtime`;
      const entries = [c.entry(CLUSTER_IN_C, name), client.entry("savedmodel", name)];
      const pace = paceOf(options, options.quick ? {} : { rounds: 15, warmUpMs: 4000 });
      yield { name, title, baselines: [CLUSTER_IN_C], entries, pace };
    }
  } finally {
    await c.program?.stop();
    await client.program?.stop();
    await server.stop();
  }
};

/** Starts `savedmodel worker` on a free port of this machine. */
async function startServer(
  root: string,
): Promise<{ readonly target: `grpc://${string}`; readonly stop: () => Promise<void> }> {
  const command = join(root, "dist/generator/cli/main.js");
  const child = spawn(process.execPath, [command, "worker", "--json", "--listen", "127.0.0.1:0"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  const { value } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  if (value === undefined) throw new Error("savedmodel worker did not start");
  const { target } = JSON.parse(value) as { readonly target: `grpc://${string}` };
  const stop = async (): Promise<void> => {
    const end = once(child, "exit");
    child.kill("SIGTERM");
    await end;
    process.off("exit", kill);
  };
  return { target, stop };
}
