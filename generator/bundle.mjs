// Run by `npm run build:code`: bundles the entry points into dist/, with everything they use but the packages that have to
// be installed: koffi (native code), jiti (it loads parts of itself by path) and grpc-js (an optional one). Why: docs/decisions/0024-one-bundled-package.md.
//
// The code is CommonJS, which every loader takes, Jest's among them. Each entry point has an ES module that exports the same
// objects again, so that a program which imports and requires has one copy. Why: docs/decisions/0025-commonjs-inside.md.
//
// The code that `savedmodel` needs at once is one file; code for the first load, or for a chart, is loaded then. Why:
// docs/decisions/0035-few-files-and-late-ones.md.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";
import { rollup } from "rollup";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");

/** The command line, which awaits at its top level: CommonJS cannot. Nothing imports it. */
const PROGRAM = "dist/generator/cli/main.js";

/**
 * Modules that are loaded when one of their functions is first called. `load` is synchronous, so this cannot be an `import()`
 * of the sources.
 */
const LATE = {
  local: { source: "runtime/engines/local/local-engine.ts", functions: ["loadLocalEngine", "loadLocalEngineAsync"] },
  plot: { source: "runtime/training/plot/plot.ts", functions: ["plotHistory"] },
  progress: { source: "runtime/training/progress/progress-line.ts", functions: ["progressObserver"] },
};

/** Modules that `fit`, `evaluate` and `predict` import. */
const TRAINING = /^runtime\/training\/(training|evaluation|prediction|metrics\/metric-resets)\.ts$/;

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target: "node20.19",
  legalComments: "none",
  logLevel: "warning",
  metafile: true,
};

/**
 * Bundles ts-morph, which includes TypeScript (7 MB). It is loaded when code is printed, and nobody steps through it.
 */
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
    "runtime/engines/cluster/index": "runtime/engines/cluster/index.ts",
    "runtime/engines/kserve/index": "runtime/engines/kserve/index.ts",
    "runtime/engines/serving/index": "runtime/engines/serving/index.ts",
    "generator/index": "generator/index.ts",
    "generator/cli/main": "generator/cli/main.ts",
    // Found by its neighbour, the chunk that starts it.
    "chunks/probe": "generator/library/probe.ts",
    ...Object.fromEntries(Object.entries(LATE).map(([name, { source }]) => [`chunks/${name}`, source])),
    ...Object.fromEntries(
      ["vite", "rollup", "webpack", "rspack", "esbuild"].map((name) => [
        `generator/plugin/${name}`,
        `generator/plugin/${name}.ts`,
      ]),
    ),
  },
  outdir: "dist",
  format: "esm",
  // esbuild shares code between entry points in this form only.
  splitting: true,
  chunkNames: "chunks/[name]-[hash]",
  external: ["koffi", "jiti", "@grpc/grpc-js"],
  plugins: [
    { name: "vendor", setup: vendor },
    { name: "late", setup: late },
  ],
  write: false,
});

/** For browsers and edge runtimes: clients of servers, without modules of Node.js. */
const browser = await build({
  ...common,
  platform: "browser",
  target: "es2023",
  entryPoints: {
    "browser/index": "runtime/engines/browser/index.ts",
    "browser/cluster": "runtime/engines/cluster/index.ts",
    "browser/kserve": "runtime/engines/kserve/index.ts",
    "browser/serving": "runtime/engines/serving/index.ts",
  },
  outdir: "dist",
  format: "esm",
  splitting: true,
  chunkNames: "browser/chunks/[name]-[hash]",
  inject: [join(root, "runtime/engines/browser/globals.ts")],
  plugins: [{ name: "without-node", setup: withoutNode }],
});

const modules = new Map(own.outputFiles.map(({ path, text }) => [relative(root, path).replaceAll("\\", "/"), text]));
const merged = await rollup({
  input: Object.keys(own.metafile.outputs).filter((name) => own.metafile.outputs[name].entryPoint !== undefined),
  // esbuild has done it.
  treeshake: false,
  plugins: [{ name: "built", ...builtModules(modules) }],
  onLog: (level, { message }) => {
    if (level === "warn") throw new Error(message);
  },
});
const { output } = await merged.generate({
  format: "es",
  entryFileNames: ({ facadeModuleId }) => within(facadeModuleId),
  chunkFileNames: ({ name, moduleIds }) => (moduleIds.length === 1 ? within(moduleIds[0]) : `chunks/${name}.js`),
  manualChunks: groupsOf(own.metafile.outputs),
  hoistTransitiveImports: false,
  minifyInternalExports: false,
});
for (const { fileName, code } of output) {
  const path = join(dist, fileName);
  mkdirSync(dirname(path), { recursive: true });
  if (path === join(root, PROGRAM)) writeFileSync(path, withClassNames(requireBeside(code)));
  else writeFileSync(path.replace(/\.js$/, ".cjs"), withClassNames(await commonJs(code)));
}
for (const [name, { exports }] of Object.entries(own.metafile.outputs)) {
  if (isEntry(name)) writeFileSync(join(root, name), reExport(name, exports));
}
renameDeclarations();

writeFileSync(join(dist, "THIRD-PARTY-LICENSES.md"), licences([printer, own, browser]));

/**
 * Restores the names of classes that refer to themselves, which esbuild prints as `var Tensor = class _Tensor`: an
 * uncaught error is printed with the name of its class. The name means the same inside and outside the class.
 */
function withClassNames(text) {
  const names = [...text.matchAll(/\bvar (\w+) = class _\1\b/g)].map(([, name]) => name);
  return names.reduce((code, name) => code.replaceAll(new RegExp(`(?<![.$\\w])_${name}\\b`, "g"), name), text);
}

/** Converts an ES module to CommonJS. `import()` becomes `require` too: not every loader supports it in CommonJS. */
async function commonJs(text) {
  const { code } = await transform(requireBeside(text), {
    format: "cjs",
    platform: "node",
    target: common.target,
    supported: { "dynamic-import": false },
    define: { "import.meta.url": "__url" },
    banner: text.includes("import.meta.url")
      ? 'const __url = require("node:url").pathToFileURL(__filename).href;'
      : undefined,
    legalComments: "none",
    logLevel: "warning",
  });
  return withOwnGetters(code).replaceAll("requireLate(", "require(");
}

/**
 * Exports the object whose getters name the exported variables. esbuild exports a copy, whose getters are all one function,
 * `() => from[key]`: the engine cannot tell what a use of them reads, and each takes 50 ns.
 */
function withOwnGetters(code) {
  const copied = "__toCommonJS(stdin_exports)";
  const own = '__defProp(stdin_exports, "__esModule", { value: true })';
  if (code.includes("stdin_exports") && !code.includes(copied)) throw new Error("esbuild's exports have another form");
  return code.replace(copied, own);
}

/** Reads the modules that esbuild has made. */
function builtModules(modules) {
  return {
    resolveId: (id, importer) => {
      if (importer === undefined) return id;
      const path = relative(root, join(root, dirname(importer), id)).replaceAll("\\", "/");
      return modules.has(path) ? path : { id, external: true };
    },
    load: (id) => modules.get(id),
  };
}

/** Returns the path of a module within dist/. */
function within(id) {
  return id.replace(/^dist\//, "");
}

/**
 * Returns the function that assigns modules to chunks: `core` is what `savedmodel` needs at once, `training` what it
 * imports for `fit`, `evaluate` and `predict`; `model` is what a late module shares with other entry points.
 */
function groupsOf(outputs) {
  const closure = (names) => {
    const found = new Set(names);
    for (const name of found) {
      for (const { path, kind } of outputs[name].imports) {
        if (kind === "import-statement" && path in outputs) found.add(path);
      }
    }
    return found;
  };
  const isEntryPoint = (name, test) => outputs[name].entryPoint !== undefined && test(outputs[name].entryPoint);
  const closureOf = (test) => closure(Object.keys(outputs).filter((name) => isEntryPoint(name, test)));
  const lateSources = Object.values(LATE).map(({ source }) => source);
  const core = closureOf((source) => source === "runtime/index.ts");
  const training = closureOf((source) => TRAINING.test(source));
  const late = closureOf((source) => lateSources.includes(source));
  const others = closureOf((source) => !lateSources.includes(source));
  return (id) => {
    if (core.has(id)) return "core";
    if (late.has(id) && others.has(id)) return "model";
    return training.has(id) ? "training" : undefined;
  };
}

/** Rewrites a module's relative imports to the CommonJS modules that they become. */
function requireBeside(text) {
  return text.replace(/((?:\bfrom |^import |\bimport\()(["'])\.[^"'\n]*)\.js\2/gm, "$1.cjs$2");
}

/** Returns the ES module of an entry point. */
function reExport(name, names) {
  return `export { ${[...names].sort().join(", ")} } from "./${basename(name, ".js")}.cjs";\n`;
}

/**
 * Renames declarations like the code that they declare: `model.d.ts` becomes `model.d.cts`; entry points keep a
 * `.d.ts`.
 */
function renameDeclarations() {
  const files = readdirSync(dist, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".d.ts"))
    .map(({ parentPath, name }) => join(parentPath, name));
  for (const file of files) {
    const renamed = file.replace(/\.d\.ts$/, ".d.cts");
    // Those of entry points, where the declarations were not made again.
    if (existsSync(renamed)) continue;
    writeFileSync(file, requireBeside(readFileSync(file, "utf8")));
    renameSync(file, renamed);
  }
  for (const name of Object.keys(own.metafile.outputs).filter(isEntry)) {
    writeFileSync(join(root, name.replace(/\.js$/, ".d.ts")), `export * from "./${basename(name, ".js")}.cjs";\n`);
  }
}

/** Returns whether users import a file. */
function isEntry(name) {
  return !name.startsWith("dist/chunks/") && name !== PROGRAM;
}

/**
 * Omits the declarations of TypeScript's libraries (2.7 MB): they are for type-checking, which the printer does not do.
 */
function withoutLibraries({ onLoad }) {
  onLoad({ filter: /ts-morph-common\.js$/ }, ({ path }) => {
    const text = readFileSync(path, "utf8");
    const contents = text.replace(/^const libFiles = \[\{\n[\s\S]*?\n {4}\}\];$/m, "const libFiles = [];");
    if (text.length - contents.length < 1_000_000) throw new Error(`${path} has its library files elsewhere`);
    return { contents, loader: "js" };
  });
}

/** Replaces the functions of late modules by ones that load them. */
function late({ onResolve, onLoad }) {
  for (const [name, { source, functions }] of Object.entries(LATE)) {
    const filter = new RegExp(`/${basename(source, ".ts")}\\.js$`);
    onResolve({ filter }, ({ kind, path, resolveDir }) => {
      const isIt = relative(root, join(resolveDir, path)).replaceAll("\\", "/") === source.replace(/\.ts$/, ".js");
      return kind === "import-statement" && isIt ? { path: name, namespace: "late" } : undefined;
    });
    onLoad({ filter: new RegExp(`^${name}$`), namespace: "late" }, () => ({
      contents: functions
        .map((each) => `export const ${each} = (...values) => requireLate("./${name}.cjs").${each}(...values);`)
        .join("\n"),
    }));
  }
}

/** Replaces what browsers do not have: modules of Node.js, the local engine, gRPC. */
function withoutNode({ onResolve }) {
  const replacement = (name) => ({ path: join(root, "runtime/engines/browser", name) });
  onResolve({ filter: /^node:/ }, () => replacement("node-modules.ts"));
  onResolve({ filter: /\/local-engine\.js$/ }, () => replacement("local-engine.ts"));
  onResolve({ filter: /\/(locate-model|calling-file)\.js$/ }, () => replacement("files.ts"));
  onResolve({ filter: /\/cluster-engine\.js$/ }, () => replacement("cluster-engine.ts"));
  onResolve({ filter: /\/(kserve|serving)-grpc\.js$/ }, () => replacement("grpc-server.ts"));
}

/** Resolves the printer by `imports` of package.json, which works from any chunk. */
function vendor({ onResolve }) {
  onResolve({ filter: /^ts-morph$/ }, () => ({ path: "#vendor/ts-morph", external: true }));
}

/** Writes the licence of each bundled package, as its authors wrote it. */
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
