/** Draws the images of docs/architecture.md and docs/scaling.md: `npm run layers`. */
import { writeFileSync } from "node:fs";
import { drawLayers } from "./layers.js";
import { drawScaling } from "./scaling.js";

writeFileSync(new URL("layers.svg", import.meta.url), drawLayers());
writeFileSync(new URL("scaling.svg", import.meta.url), drawScaling());
