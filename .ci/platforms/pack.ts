// Run by `npm run pack:library -- --platform <name> [--wheel <file>] [--version <version>] [--output <folder>]`: makes the
// npm package of one platform in build/packages/. Without a wheel, pip downloads it. `--tag tensorflow-v<version>` is another
// way to state the version.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { progressLines } from "../../generator/cli/ui/progress-bar.js";
import { downloadWheel, findPip } from "../../generator/library/pip.js";
import { DEFAULT_TENSORFLOW_VERSION, PLATFORMS, type Platform } from "../../runtime/engines/local/library/platform.js";
import { packLibrary } from "./pack-library.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { values } = parseArgs({
  options: {
    platform: { type: "string", default: `${process.platform}-${process.arch}` },
    wheel: { type: "string" },
    version: { type: "string", default: DEFAULT_TENSORFLOW_VERSION },
    tag: { type: "string" },
    output: { type: "string", default: join(root, "build/packages") },
  },
});
const platform = PLATFORMS.find(({ name }) => name === values.platform);
if (platform === undefined) {
  throw new Error(`unknown platform ${values.platform}; known are ${PLATFORMS.map(({ name }) => name).join(", ")}`);
}

const version = values.tag === undefined ? values.version : values.tag.replace(/^tensorflow-v/, "");
const display = progressLines();
const downloads = mkdtempSync(join(tmpdir(), "savedmodel-pack-"));
try {
  const wheel = values.wheel === undefined ? await downloaded(platform) : resolve(values.wheel);
  const output = resolve(values.output);
  const packed = await packLibrary({ platform, wheel, output, repository: repository(), onProgress: display.show });
  display.end();
  const checked = packed.loaded === undefined ? "not loaded, since it is for another platform" : "loaded";
  const stripped = `${(packed.strippedBytes / 1e6).toFixed(0)} MB stripped`;
  console.log(
    `${packed.name} ${packed.version} is in ${relative(process.cwd(), packed.folder)} (${stripped}, ${checked})`,
  );
} finally {
  rmSync(downloads, { recursive: true, force: true });
}

async function downloaded(platform: Platform): Promise<string> {
  const pip = await findPip(downloads, undefined);
  return downloadWheel(pip, {
    package: platform.pipPackage,
    versions: `==${version}`,
    platform,
    folder: downloads,
    onProgress: display.show,
    signal: undefined,
  });
}

function repository(): unknown {
  const manifest: unknown = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return typeof manifest === "object" && manifest !== null && "repository" in manifest
    ? manifest.repository
    : undefined;
}
