import { Command } from "commander";
import type { CandidateDiagnosis, Diagnosis, PlaceDiagnosis } from "../library/diagnose.js";
import { stdout } from "./ui/colors.js";
import { addHelpEnd } from "./ui/help.js";
import { columnsOf, flow, sentence, type Word } from "./ui/layout.js";
import { safeJson } from "./ui/safe-json.js";

/** Returns `savedmodel doctor`, which shows the TensorFlow library that is used here, and why. */
export function doctorCommand(): Command {
  const command = new Command("doctor")
    .summary("show which TensorFlow library is used, and why")
    .description("Shows every place that is searched for TensorFlow's library, and whether what is there loads.")
    .option("--json", "print the report as JSON")
    .action(doctor);
  return addHelpEnd(command, {
    examples: ["doctor", "doctor --json"],
    exitCodes: { 0: "a library can be used", 1: "no library can be used" },
  });
}

async function doctor(options: { readonly json?: boolean }): Promise<void> {
  const { diagnose } = await import("../library/diagnose.js");
  const diagnosis = await diagnose();
  process.stdout.write(options.json ? `${safeJson(diagnosis, 2)}\n` : report(diagnosis));
  if (diagnosis.library === null) process.exitCode = 1;
}

const TITLES = {
  environment: "environment",
  package: "npm package",
  cache: "installed",
  system: "system",
  python: "Python",
} as const;

function report(diagnosis: Diagnosis): string {
  const { bold, dim, green, red, yellow } = stdout;
  const { library, platform } = diagnosis;
  const support = {
    suite: [{ text: "tested", gap: 0 }],
    emulator: [{ text: "tested in an emulator", gap: 0 }],
    never: [{ text: "never tried", style: yellow, gap: 0 }],
    none: [{ text: "not supported", style: red, gap: 0 }],
  }[platform.tried ?? "none"];
  const rows: [string, readonly Word[]][] = [
    ["savedmodel", sentence(diagnosis.version)],
    ["Node.js", sentence(diagnosis.node)],
    ["platform", [{ text: platform.name }, { text: "(" }, ...support, { text: ")", gap: 0 }]],
    ["cache", sentence(diagnosis.cache)],
  ];
  if (diagnosis.problem !== null) rows.push(["", sentence(diagnosis.problem)]);
  for (const place of diagnosis.places) {
    const title = TITLES[place.place];
    for (const [index, { mark, text }] of answers(place).entries()) {
      const colour = { "✓": green, "✗": red, "–": dim }[mark];
      const words = sentence(text, mark === "–" ? dim : undefined);
      rows.push([index === 0 ? title : "", [{ text: mark, style: colour }, ...words]]);
    }
  }
  for (const [index, { mark, text }] of gpuAnswers(diagnosis.gpu).entries()) {
    const words = sentence(text, mark === "–" ? dim : undefined);
    rows.push([index === 0 ? "GPU" : "", [{ text: mark, style: mark === "–" ? dim : green }, ...words]]);
  }
  const width = columnsOf(process.stdout);
  const begin = Math.max(...rows.map(([title]) => title.length)) + 2;
  const table = rows.map(([title, words]) => title.padEnd(begin) + flow(words, width, begin, begin));
  const verdict =
    library === null
      ? [
          ...sentence("No TensorFlow library can be used.", red),
          ...sentence(platform.supported ? advice(diagnosis) : ""),
        ]
      : [
          ...sentence(`TensorFlow ${library.version}`, (text) => bold(green(text))),
          ...sentence(`is used, from ${library.main}`),
        ];
  return `${[...table, "", flow(verdict, width, 2).trimEnd()].join("\n")}\n`;
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

function gpuAnswers(gpu: Diagnosis["gpu"]): readonly Answer[] {
  if (gpu === null) return [];
  if (gpu.devices.length === 0) {
    const reasons = gpu.reasons.length === 0 ? ["TensorFlow's log tells more: set SAVEDMODEL_LOG=1"] : gpu.reasons;
    return reasons.map((reason, index) => ({ mark: "–", text: index === 0 ? `none: ${reason}` : reason }));
  }
  return gpu.devices.map(({ name, memoryBytes }) => ({
    mark: "✓",
    text: `${name.slice(name.indexOf("/device:"))} with ${(memoryBytes / 2 ** 30).toFixed(1)} GiB for TensorFlow`,
  }));
}

function answers({ place, lookedAt, candidates, reason }: PlaceDiagnosis): Answer[] {
  const wrong = place === "environment" && lookedAt.length > 0;
  if (reason !== null) return [{ mark: wrong || reason.startsWith("damaged") ? "✗" : "–", text: reason }];
  // Bare names that the system's loader does not know were only requested, not found.
  const found = candidates.filter((candidate) => candidate.loads || /[\\/]/.test(candidate.main));
  if (found.length === 0) return [{ mark: "–", text: `none (looked for ${lookedAt.join(", ")})` }];
  return found.map((candidate) => ({ mark: candidate.loads ? "✓" : "✗", text: describe(candidate) }));
}

function describe({ main, version, reason }: CandidateDiagnosis): string {
  return version === null ? (reason ?? "does not load") : `TensorFlow ${version} in ${main}`;
}
