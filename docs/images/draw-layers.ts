/** Draws the image of docs/architecture.md: `npm run layers`. */
import { writeFileSync } from "node:fs";
import { drawLayers } from "./layers.js";

writeFileSync(new URL("layers.svg", import.meta.url), drawLayers());
