import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findServer, type ServerName } from "../../test/support/servers/installed-servers.js";
import { startKServeGrpc } from "../../test/support/servers/kserve-server.js";
import { startServingGrpc } from "../../test/support/servers/serving-server.js";
import type { CallCase } from "../contestants/case.js";
import { type Command, startTeam } from "../contestants/program.js";
import { BARE, type Protocol, startRecorder } from "../contestants/recorder.js";
import { isWanted } from "../options.js";
import type { Comparison } from "../rounds.js";
import type { Workplace } from "../workplace.js";
import { paceOf, type Suite } from "./suite.js";

/** A protocol, and the server that is installed with its official client for Python. */
interface Wire {
  readonly protocol: Protocol;
  readonly title: string;
  /** Path of the method that runs a signature. */
  readonly path: string;
  readonly start: typeof startKServeGrpc;
  readonly pythonClient: string;
  readonly python: ServerName;
}

const WIRES: readonly Wire[] = [
  {
    protocol: "kserve",
    title: "KServe",
    path: "/inference.GRPCInferenceService/ModelInfer",
    start: startKServeGrpc,
    pythonClient: "Python, tritonclient",
    python: "triton",
  },
  {
    protocol: "serving",
    title: "TensorFlow Serving",
    path: "/tensorflow.serving.PredictionService/Predict",
    start: startServingGrpc,
    pythonClient: "Python, tensorflow-serving-api",
    python: "serving",
  },
];

/** Numbers of requests that are made at once, and measured as one. */
const LEVELS = [1, 64];

const SOURCE = fileURLToPath(new URL("../python/remote.py", import.meta.url));

/** Measures what the client adds to a request by gRPC, against a server in another process that costs next to nothing. */
export const remote: Suite = async function* (workplace, options) {
  for (const wire of WIRES) {
    const names = LEVELS.map((level) => ({ level, name: `remote/${wire.protocol}/${level}` }));
    const wanted = names.filter(({ name }) => isWanted(name, options.only));
    if (wanted.length === 0) continue;
    const server = await wire.start("custom_model");
    const recorder = await startRecorder(wire.protocol, server.url);
    const cases = wanted.map(({ level, name }): CallCase => {
      return { name, signature: "pred", manner: level === 1 ? "awaited" : "concurrent", repeat: level };
    });
    const [client, python] = await Promise.all(
      commandsOf(workplace, wire, recorder.url, cases).map((command) => startTeam(command, workplace.root)),
    );
    try {
      for (const { level, name } of wanted) {
        const entries: Comparison["entries"] = [
          client?.entry(BARE, `${name}/bare`),
          client?.entry("savedmodel", name),
          // Its client has no requests at once, but threads.
          level === 1 ? python?.entry(wire.pythonClient, name) : undefined,
        ].filter((entry) => entry !== undefined);
        const title = `${wire.title} by gRPC: ${level === 1 ? "one request after another" : `${level} requests at once`}`;
        yield {
          name,
          title,
          baselines: [BARE],
          entries,
          pace: paceOf(options, options.quick ? {} : { rounds: 15, warmUpMs: 4000 }),
        };
      }
    } finally {
      await client?.program?.stop();
      await python?.program?.stop();
      recorder.stop();
      await server.kill();
    }
  }
};

function commandsOf(
  { programs, root }: Workplace,
  { protocol, path, python }: Wire,
  url: string,
  cases: readonly CallCase[],
): readonly (Command | { readonly absent: string })[] {
  const all = cases.flatMap((kase) => [kase, { ...kase, name: `${kase.name}/bare` }]);
  const file = findServer(root, python);
  return [
    { file: process.execPath, args: [join(programs, "remote.js"), protocol, url, path, JSON.stringify(all)] },
    file === undefined
      ? { absent: `no Python with its client: \`npm run conformance\` installs one` }
      : { file, args: [SOURCE, protocol, new URL(url).host, JSON.stringify(cases)] },
  ];
}
