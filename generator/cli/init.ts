import { relative } from "node:path";
import { Command } from "commander";
import { printable } from "../../runtime/text.js";
import { writeWhole } from "../write.js";
import { stderr, stdout } from "./colours.js";

/** `savedmodel init`: a configuration, scripts and attributes for the models that are there. */
export function initCommand(): Command {
  return new Command("init")
    .summary("set a project up: a configuration for the models in it, and scripts")
    .description(
      "Finds the SavedModels of the project, writes savedmodel.config.ts (.json where there is no TypeScript), adds the " +
        "scripts generate and check where these names are free, and lines to .gitattributes. Running it again is safe.",
    )
    .option("-y, --yes", "ask nothing; for scripts that say so, since nothing is ever asked")
    .action(init);
}

async function init(): Promise<void> {
  const { planInit } = await import("../init.js");
  const { files, notes, isInstalled } = await planInit(process.cwd());
  const changed = files.filter(({ change }) => change !== "unchanged");
  for (const { path, text } of changed) writeWhole(path, text);
  for (const { path, change, about } of files) {
    const mark = change === "unchanged" ? stdout.dim(change) : stdout.green(change);
    process.stdout.write(`${mark} ${printable(relative("", path), 500)}  ${stdout.dim(about)}\n`);
  }
  for (const note of notes) process.stderr.write(`  ${stderr.yellow("note")} ${note}\n`);
  if (changed.length === 0) {
    process.stdout.write("The project is set up already; nothing was changed.\n");
    return;
  }
  const install = isInstalled ? "" : "`npm install savedmodel`, then ";
  process.stdout.write(`Next: ${install}\`npx savedmodel generate\`.\n`);
}
