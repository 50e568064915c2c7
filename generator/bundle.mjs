// Run by `npm run build:code`: bundles the entry points into dist/, with everything they use but the packages that have to
// be installed: koffi (native code) and jiti (it loads parts of itself by path). Why: docs/decisions/0024-one-bundled-package.md.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

/** CommonJS packages inside of an ES module ask for Node.js' own modules by `require`. */
const require =
  'import { createRequire as __createRequire } from "node:module";\nconst require = __createRequire(import.meta.url);';

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target: "node20.19",
  legalComments: "none",
  logLevel: "warning",
  metafile: true,
};

/** ts-morph carries TypeScript, 7 MB of it. It is loaded where code is printed, and nobody steps through it. */
const printer = await build({
  ...common,
  stdin: { contents: 'export { printStructure, StructureKind, ts } from "ts-morph";', resolveDir: root },
  outfile: "dist/vendor/ts-morph.cjs",
  format: "cjs",
  minify: true,
  // Node.js prints the line of an uncaught error.
  lineLimit: 200,
  plugins: [{ name: "without-libraries", setup: withoutLibraries }],
});

const own = await build({
  ...common,
  entryPoints: {
    "runtime/index": "runtime/index.ts",
    "runtime/data/index": "runtime/data/index.ts",
    "generator/index": "generator/index.ts",
    "generator/cli/main": "generator/cli/main.ts",
    // Found by its neighbour, the chunk that starts it.
    "chunks/probe": "generator/library/probe.ts",
    ...Object.fromEntries(
      ["vite", "rollup", "webpack", "rspack", "esbuild"].map((name) => [
        `generator/plugin/${name}`,
        `generator/plugin/${name}.ts`,
      ]),
    ),
  },
  outdir: "dist",
  format: "esm",
  banner: { js: require },
  splitting: true,
  chunkNames: "chunks/[name]-[hash]",
  external: ["koffi", "jiti"],
  plugins: [{ name: "vendor", setup: vendor }],
});

writeFileSync(join(root, "dist/THIRD-PARTY-LICENSES.md"), licences([printer, own]));

/** The declarations of TypeScript's libraries, 2.7 MB, are for type-checking, which the printer does not do. */
function withoutLibraries({ onLoad }) {
  onLoad({ filter: /ts-morph-common\.js$/ }, ({ path }) => {
    const text = readFileSync(path, "utf8");
    const contents = text.replace(/^const libFiles = \[\{\n[\s\S]*?\n {4}\}\];$/m, "const libFiles = [];");
    if (text.length - contents.length < 1_000_000) throw new Error(`${path} has its library files elsewhere`);
    return { contents, loader: "js" };
  });
}

/** `imports` of package.json finds it from wherever a chunk lies. */
function vendor({ onResolve }) {
  onResolve({ filter: /^ts-morph$/ }, () => ({ path: "#vendor/ts-morph", external: true }));
}

/** The licence of each package whose code is in the bundles, as its authors wrote it. */
function licences(results) {
  const homes = new Set(
    results
      .flatMap(({ metafile }) => Object.keys(metafile.inputs))
      .filter((input) => input.startsWith("node_modules/"))
      .map((input) => packageOf(join(root, input))),
  );
  // TypeScript is in the file of another package.
  homes.add(join(root, "node_modules/typescript"));
  const sections = [...homes].sort().map((home) => {
    const { name, version, license } = JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
    const files = readdirSync(home).filter((file) => /^(licen[cs]e|copying|notice|thirdpartynotice)/i.test(file));
    const texts = files.sort().map((file) => readFileSync(join(home, file), "utf8").trim());
    return [`## ${name} ${version} (${license})`, ...texts.map((text) => text.replace(/^/gm, "    "))].join("\n\n");
  });
  return `# Licences of bundled packages\n\n${sections.join("\n\n")}\n`;
}

function packageOf(file) {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const manifest = join(folder, "package.json");
    if (existsSync(manifest) && "version" in JSON.parse(readFileSync(manifest, "utf8"))) return folder;
  }
}
