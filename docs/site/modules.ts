import { readFileSync } from "node:fs";
import { join } from "node:path";

/** An entry point of the package. */
export interface Module {
  /** Name in import statements. */
  readonly name: string;
  /** The absolute path of its source. */
  readonly path: string;
}

/** Returns the entry points that package.json exports, in its order. */
export function readModules(root: string): readonly Module[] {
  const { name, exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Package;
  return Object.entries(exports).flatMap(([key, target]) =>
    typeof target === "string"
      ? []
      : [
          {
            name: name + key.slice(1),
            path: join(root, target.default.replace(/^\.\/dist\//, "").replace(/\.js$/, ".ts")),
          },
        ],
  );
}

interface Package {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
}
