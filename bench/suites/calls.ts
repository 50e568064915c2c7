import { inspect } from "../../generator/index.js";
import { loopCommand } from "../contestants/c.js";
import type { CallCase } from "../contestants/case.js";
import { clientCommand } from "../contestants/client.js";
import { type Command, startTeam } from "../contestants/program.js";
import { pythonCommand } from "../contestants/python.js";
import type { Comparison } from "../rounds.js";
import type { Workplace } from "../workplace.js";

/** The programs that can call a model: C with TensorFlow's default options or the runtime's, our client, Python. */
type Caller = "cDefault" | "c" | "client" | "python";

/** A row of a comparison: a program with one of its cases. */
interface Entrant {
  readonly caller: Caller;
  readonly name: string;
  readonly kase: CallCase;
}

/** A comparison before its programs run. */
export interface PlannedCalls extends Omit<Comparison, "entries"> {
  readonly entrants: readonly Entrant[];
}

/** A model, and the name of its client in bench/node/cases.ts. */
export interface CalledModel {
  readonly directory: string;
  readonly client: string;
}

/** Starts the programs that the plan needs on one model, each with all of its cases. */
export async function* startCalls(
  workplace: Workplace,
  { directory, client }: CalledModel,
  plan: readonly PlannedCalls[],
): AsyncGenerator<Comparison, void, void> {
  if (plan.length === 0) return;
  const description = inspect(directory);
  const commands: Readonly<Record<Caller, (cases: readonly CallCase[]) => Command | { readonly absent: string }>> = {
    cDefault: (cases) => loopCommand(workplace, "default", description, cases),
    c: (cases) => loopCommand(workplace, "runtime", description, cases),
    client: (cases) => clientCommand(workplace, client, cases),
    python: (cases) => pythonCommand(workplace, directory, cases),
  };
  const entrants = plan.flatMap((comparison) => comparison.entrants);
  const callers = [...new Set(entrants.map(({ caller }) => caller))];
  const teams = new Map(
    await Promise.all(
      callers.map(async (caller) => {
        const cases = entrants.filter((entrant) => entrant.caller === caller).map(({ kase }) => kase);
        return [caller, await startTeam(commands[caller](cases), workplace.root)] as const;
      }),
    ),
  );
  try {
    for (const { entrants, ...comparison } of plan) {
      const entries = entrants.map(
        ({ caller, name, kase }) => teams.get(caller)?.entry(name, kase.name) ?? { name, absent: "not started" },
      );
      yield { ...comparison, entries };
    }
  } finally {
    for (const { program } of teams.values()) await program?.stop();
  }
}
