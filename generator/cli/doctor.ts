import { Command } from "commander";
import type { CandidateDiagnosis, Diagnosis, PlaceDiagnosis } from "../library/doctor.js";
import { stdout } from "./colours.js";

/** `savedmodel doctor`: which TensorFlow library is used here, and why. */
export function doctorCommand(): Command {
  return new Command("doctor")
    .summary("show which TensorFlow library is used, and how it was searched")
    .description("Shows every place that is searched for TensorFlow's library, and whether what is there loads.")
    .option("--json", "print JSON")
    .action(doctor);
}

async function doctor(options: { readonly json?: boolean }): Promise<void> {
  const { diagnose } = await import("../library/doctor.js");
  const diagnosis = await diagnose();
  console.log(options.json ? JSON.stringify(diagnosis, undefined, 2) : report(diagnosis));
  if (diagnosis.library === null) process.exitCode = 1;
}

const TITLES = {
  environment: "environment",
  cache: "installed",
  system: "system",
  python: "Python",
} as const;

function report(diagnosis: Diagnosis): string {
  const { bold, dim, green, red, yellow } = stdout;
  const { library, platform } = diagnosis;
  const support = platform.supported
    ? platform.tested
      ? "tested"
      : yellow("written, not tested")
    : red("not supported");
  const rows: [string, string][] = [
    ["savedmodel", diagnosis.version],
    ["Node.js", diagnosis.node],
    ["platform", `${platform.name} (${support})`],
    ["cache", diagnosis.cache],
  ];
  if (diagnosis.problem !== null) rows.push(["", diagnosis.problem]);
  for (const place of diagnosis.places) {
    const title = TITLES[place.place];
    for (const [index, { mark, text }] of answers(place).entries()) {
      const colour = { "✓": green, "✗": red, "–": dim }[mark];
      rows.push([index === 0 ? title : "", `${colour(mark)} ${mark === "–" ? dim(text) : text}`]);
    }
  }
  const width = Math.max(...rows.map(([title]) => title.length));
  const table = rows.map(([title, text]) => `${title.padEnd(width)}  ${text}`);
  const verdict =
    library === null
      ? `${red("No TensorFlow library can be used.")}${platform.supported ? ` ${advice(diagnosis)}` : ""}`
      : `${bold(green(`TensorFlow ${library.version}`))} is used, from ${library.main}`;
  return [...table, "", verdict].join("\n");
}

function advice({ places }: Diagnosis): string {
  const [environment] = places;
  return environment !== undefined && environment.lookedAt.length > 0
    ? "Correct SAVEDMODEL_TENSORFLOW, or unset it."
    : "Run `npx savedmodel install`.";
}

interface Answer {
  readonly mark: "✓" | "✗" | "–";
  readonly text: string;
}

function answers({ place, lookedAt, candidates, reason }: PlaceDiagnosis): Answer[] {
  const wrong = place === "environment" && lookedAt.length > 0;
  if (reason !== null) return [{ mark: wrong || reason.startsWith("damaged") ? "✗" : "–", text: reason }];
  // Bare names that the system's loader does not know are only what was asked for, not something found.
  const found = candidates.filter((candidate) => candidate.loads || /[\\/]/.test(candidate.main));
  if (found.length === 0) return [{ mark: "–", text: `none (looked for ${lookedAt.join(", ")})` }];
  return found.map((candidate) => ({ mark: candidate.loads ? "✓" : "✗", text: describe(candidate) }));
}

function describe({ main, version, reason }: CandidateDiagnosis): string {
  return version === null ? (reason ?? "does not load") : `TensorFlow ${version} in ${main}`;
}
