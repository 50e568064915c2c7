import { inspect } from "../../generator/index.js";
import { C_NAMES, type CScheduling, loopCommand } from "../contestants/c.js";
import type { CallCase } from "../contestants/case.js";
import { clientCommand } from "../contestants/client.js";
import { onnxCommand } from "../contestants/onnxruntime.js";
import { type Command, startTeam } from "../contestants/program.js";
import { pythonCommand } from "../contestants/python.js";
import { rustCommand } from "../contestants/rust.js";
import type { Comparison } from "../rounds.js";
import type { Workplace } from "../workplace.js";

/** The programs that can call a model: C with a way to schedule, our client, and what else users could pick. */
type Caller = CScheduling | "client" | "onnx" | "python" | "rust";

/** Settings of TensorFlow for a whole process, and the variables that it reads them from. */
const SETTINGS: Readonly<Record<"without oneDNN" | "one intra-op thread", Command["env"]>> = {
  "without oneDNN": { TF_ENABLE_ONEDNN_OPTS: "0" },
  "one intra-op thread": { TF_NUM_INTRAOP_THREADS: "1" },
};

type Setting = keyof typeof SETTINGS;

/** A row of a comparison: a program with one of its cases. */
export interface Entrant {
  readonly caller: Caller;
  /** How TensorFlow is set in its process, where not by default. */
  readonly setting?: Setting;
  readonly name: string;
  readonly kase: CallCase;
}

/** A comparison before its programs run. */
export interface PlannedCalls extends Omit<Comparison, "entries"> {
  readonly entrants: readonly Entrant[];
}

/** A model, and the name of its client in bench/node/cases.ts and of its copy in bench/onnx-models.ts. */
export interface CalledModel {
  readonly directory: string;
  readonly client: string;
}

/** The baselines of calls: C as in earlier versions of this benchmark, and C with the runtime's executor. */
export const C_BASELINES: readonly string[] = [C_NAMES.caller, C_NAMES.single];

/** Returns C, our client and Python with the same case. */
export function usualEntrants(kase: CallCase): readonly Entrant[] {
  return [
    ...(["caller", "single", "default"] as const).map((caller) => ({ caller, name: C_NAMES[caller], kase })),
    { caller: "client", name: "savedmodel", kase },
    { caller: "python", name: "Python, loaded.signatures", kase },
  ];
}

/** Returns onnxruntime-node with an equal model: as its users call it, and the native function that it wraps. */
export function onnxEntrants(kase: CallCase): readonly Entrant[] {
  return [
    {
      caller: "onnx",
      name: "onnxruntime-node, await run()",
      kase: { ...kase, name: `${kase.name}/run`, manner: "awaited" },
    },
    { caller: "onnx", name: "onnxruntime-node, raw binding", kase },
  ];
}

/** Returns our client, and C with the same options, in processes with a setting of TensorFlow. */
export function entrantsWith(setting: Setting, kase: CallCase): readonly Entrant[] {
  return [
    { caller: "client", setting, name: `savedmodel, ${setting}`, kase },
    { caller: "single", setting, name: `${C_NAMES.single}, ${setting}`, kase },
  ];
}

/** Starts the programs that the plan needs on one model, each with all of its cases. */
export async function* startCalls(
  workplace: Workplace,
  { directory, client }: CalledModel,
  plan: readonly PlannedCalls[],
): AsyncGenerator<Comparison, void, void> {
  if (plan.length === 0) return;
  const description = inspect(directory);
  const commandOf = (caller: Caller, cases: readonly CallCase[]): Command | { readonly absent: string } => {
    if (caller === "client") return clientCommand(workplace, client, cases);
    if (caller === "onnx") return onnxCommand(workplace, client, cases);
    if (caller === "python") return pythonCommand(workplace, directory, cases);
    if (caller === "rust") return rustCommand(workplace, directory, cases);
    return loopCommand(workplace, caller, description, cases);
  };
  const groups = new Map<string, Entrant[]>();
  for (const entrant of plan.flatMap((comparison) => comparison.entrants)) {
    const group = groups.get(programOf(entrant)) ?? [];
    groups.set(programOf(entrant), [...group, entrant]);
  }
  const teams = new Map(
    await Promise.all(
      [...groups].map(async ([program, entrants]) => {
        const [{ caller, setting }] = entrants as [Entrant];
        const command = commandOf(
          caller,
          entrants.map(({ kase }) => kase),
        );
        return [program, await startTeam(withSetting(command, setting), workplace.root)] as const;
      }),
    ),
  );
  try {
    for (const { entrants, ...comparison } of plan) {
      const entries = entrants.map((entrant) => {
        const { name, kase } = entrant;
        return teams.get(programOf(entrant))?.entry(name, kase.name) ?? { name, absent: "not started" };
      });
      yield { ...comparison, entries };
    }
  } finally {
    for (const { program } of teams.values()) await program?.stop();
  }
}

/** Names the program of an entrant: those of one name share its processes. */
function programOf({ caller, setting }: Entrant): string {
  return `${caller}, ${setting}`;
}

function withSetting<C extends Command | { readonly absent: string }>(command: C, setting: Setting | undefined): C {
  return setting === undefined || "absent" in command ? command : { ...command, env: SETTINGS[setting] };
}
