import { relative } from "node:path";
import { Command } from "commander";
import { printable } from "../../runtime/base/text.js";
import { writeFiles } from "../project/write-client.js";
import { stdout } from "./ui/colors.js";
import { sayNote } from "./ui/error-message.js";
import { addHelpEnd } from "./ui/help.js";
import { columnsOf, flow, sentence } from "./ui/layout.js";

/** Returns `savedmodel init`, which creates a configuration, scripts and attributes for the existing models. */
export function initCommand(): Command {
  const command = new Command("init")
    .summary("set up a project with a configuration and scripts")
    .description(
      "Finds the SavedModels of the project, writes savedmodel.config.ts (.json without TypeScript), adds the " +
        "scripts generate and check where these names are free, and lines to .gitattributes. Running it again is safe.",
    )
    .option("-y, --yes", "accepted for scripts that pass it; nothing is ever asked")
    .action(init);
  return addHelpEnd(command, {
    examples: ["init"],
    exitCodes: { 1: "no SavedModel was found, or a file cannot be written" },
  });
}

async function init(): Promise<void> {
  const { planInit } = await import("../init/init-project.js");
  const { files, notes, isInstalled } = await planInit(process.cwd());
  const changed = files.filter(({ change }) => change !== "unchanged");
  writeFiles(changed.map(({ path, text }) => ({ path, data: text })));
  for (const { path, change, about } of files) {
    const [first, ...rest] = sentence(about, stdout.dim);
    const words = [
      { text: change, style: change === "unchanged" ? stdout.dim : stdout.green },
      { text: printable(relative("", path), 500), isWhole: true },
      ...(first === undefined ? [] : [{ ...first, gap: 2 }, ...rest]),
    ];
    process.stdout.write(`${flow(words, columnsOf(process.stdout), 4)}\n`);
  }
  for (const note of notes) sayNote(note);
  if (changed.length === 0) {
    process.stdout.write("The project is already set up; nothing was changed.\n");
    return;
  }
  const install = isInstalled ? "" : "`npm install savedmodel`, then ";
  process.stdout.write(`Next: ${install}\`npx savedmodel generate\`.\n`);
}
