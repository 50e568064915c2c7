import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What the build reads. The lock file tells which versions of other packages are bundled. */
const FOLDERS = ["runtime", "generator", "templates"] as const;
const FILES = ["package-lock.json", "tsconfig.json", "tsconfig.build.json"] as const;

/** The file that the build writes last: it is there only after all of them. */
const LAST = "dist/THIRD-PARTY-LICENSES.md";

/** Returns the path of a built file, such as `runtime/index.js`. Throws unless `dist/` is newer than all sources. */
export function distFile(name: string): string {
  requireDist();
  return join(root, "dist", name);
}

/** Returns the `file:` URL of a built file. Throws unless `dist/` is newer than all sources. */
export function distUrl(name: string): string {
  return pathToFileURL(distFile(name)).href;
}

let isFresh = false;

/** Throws unless `dist/` is newer than all sources: a test of something else than the sources would pass or fail for nothing. */
export function requireDist(): void {
  if (isFresh) return;
  const reason = staleReason();
  if (reason !== undefined) throw new Error(`${reason}: run \`npm run build\``);
  isFresh = true;
}

/** Returns why `dist/` has to be built: it is missing, or older than a source; undefined where it is fresh. */
export function staleReason(home: string = root): string | undefined {
  const built = statSync(join(home, LAST), { throwIfNoEntry: false })?.mtimeMs;
  if (built === undefined) return "dist/ is missing";
  const newer = sourcesIn(home).find((file) => statSync(join(home, file)).mtimeMs > built);
  return newer === undefined ? undefined : `dist/ is older than ${newer}`;
}

function sourcesIn(home: string): readonly string[] {
  const inFolders = FOLDERS.flatMap((folder) =>
    readdirSync(join(home, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => /\.m?ts$|\.mjs$/.test(name))
      .map((name) => join(folder, name)),
  );
  return [...FILES, ...inFolders];
}
