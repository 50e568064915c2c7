import { createRequire } from "node:module";
import { join } from "node:path";
import { SavedModelError } from "../errors.js";

/** What pictures are made with. */
export interface PlotLibraries {
  readonly scale: typeof import("d3-scale");
  readonly shape: typeof import("d3-shape");
}

let loaded: PlotLibraries | undefined;

/**
 * The libraries for scales and lines, loaded when the first picture is made.
 *
 * @throws SavedModelError `PLOT_UNAVAILABLE` when they cannot be loaded
 */
export function plotLibraries(): PlotLibraries {
  loaded ??= requireLibraries();
  return loaded;
}

function requireLibraries(): PlotLibraries {
  // A method that returns text cannot wait for `import()`. A bundle in CommonJS form knows no address of its own.
  const here: string | undefined = import.meta.url;
  const require = createRequire(here ?? process.argv[1] ?? join(process.cwd(), "here"));
  try {
    return {
      scale: require("d3-scale") as PlotLibraries["scale"],
      shape: require("d3-shape") as PlotLibraries["shape"],
    };
  } catch (cause) {
    const isOld = (cause as NodeJS.ErrnoException).code === "ERR_REQUIRE_ESM";
    throw new SavedModelError("PLOT_UNAVAILABLE", "d3-scale and d3-shape, which draw pictures, cannot be loaded", {
      fix: isOld
        ? `Node.js ${process.versions.node} cannot require ES modules: use 20.19, 22.12 or newer.`
        : "Install them beside the program; bundles must leave them out (external).",
      cause,
    });
  }
}
