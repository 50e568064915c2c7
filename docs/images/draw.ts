/** Draws the pictures of the README: `npm run pictures`. The chart of a training is that of `examples/digits.ts`. */
import { execFileSync } from "node:child_process";
import { copyFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { drawEditor } from "./editor.js";

const folder = fileURLToPath(new URL("../../build/digits", import.meta.url));
const example = fileURLToPath(new URL("../../examples/digits.ts", import.meta.url));

writeFileSync(new URL("editor.svg", import.meta.url), drawEditor());
execFileSync(process.execPath, ["--import", "tsx", example, "10", folder], { stdio: "inherit" });
copyFileSync(`${folder}/history.svg`, new URL("training.svg", import.meta.url));
