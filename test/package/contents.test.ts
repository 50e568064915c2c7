import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { dirname, extname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { extract } from "tar";
import ts from "typescript";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { runCompiler } from "../support/compilers.js";
import { newStrangersFolder, outputAsUser, packPackage, runAsUser } from "../support/stranger.js";

interface Manifest {
  readonly name: string;
  readonly license?: string;
  readonly type?: string;
  readonly engines?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly exports: Readonly<
    Record<string, string | { readonly types: string; readonly require: { readonly types: string } }>
  >;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: object;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The tarball, what is in it, and a project in which it is installed. */
let folder = "";
let tarball = "";
let unpacked = "";
let files: readonly string[] = [];
let manifest: Manifest;

beforeAll(() => {
  folder = newStrangersFolder();
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    tarball = packPackage(folder);
    unpacked = join(folder, "unpacked");
    mkdirSync(unpacked);
    extract({ file: tarball, cwd: unpacked, strip: 1, sync: true });
    files = readdirSync(unpacked, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) =>
        join(parentPath, name)
          .slice(unpacked.length + 1)
          .replaceAll("\\", "/"),
      );
    manifest = manifestIn(unpacked);
  } catch (error) {
    remove();
    throw error;
  }
  return remove;
});

function manifestIn(home: string): Manifest {
  return JSON.parse(readFileSync(join(home, "package.json"), "utf8")) as Manifest;
}

const textOf = (file: string): string => readFileSync(join(unpacked, file), "utf8");

describe("the tarball", () => {
  it("the tarball is small", () => {
    expect(statSync(tarball).size).toBeLessThanOrEqual(2_050_000);
  });

  it("the tarball contains programs, declarations and documents; no tests, models, sources or maps", () => {
    const rest = files.filter(
      (file) =>
        !/^dist\/((runtime|generator)\/.+\.(c?js|d\.c?ts)|(chunks|vendor)\/.+\.cjs|browser\/.+\.js)$/.test(file),
    );
    expect(rest.sort()).toEqual([
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "dist/THIRD-PARTY-LICENSES.md",
      "docs/model-description.schema.json",
      "package.json",
    ]);
    expect(files.filter((file) => /(^|\/)(test|tests|examples|bench)\/|\.test\./.test(file))).toEqual([]);
  });

  it("the tarball has every declaration that the entry points reach", () => {
    const seen = new Set<string>();
    const visit = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const { fileName } of ts.preProcessFile(textOf(file), true, true).importedFiles) {
        if (fileName.startsWith(".")) visit(posix.join(posix.dirname(file), fileName.replace(/\.cjs$/, ".d.cts")));
      }
    };
    const entries = Object.values(manifest.exports).flatMap((entry) =>
      typeof entry === "string" ? [] : [entry.types, entry.require.types],
    );
    for (const entry of entries) visit(posix.normalize(entry));
    expect(seen.size).toBeGreaterThan(entries.length);
    expect([...seen].filter((file) => !files.includes(file))).toEqual([]);
  });

  it("the tarball contains nothing about the machine that built it", () => {
    const places = [root.replace(/\/$/, "")];
    const found = files.flatMap((file) => {
      const text = textOf(file);
      // TypeScript itself writes source maps and file: URLs.
      const signs = file.startsWith("dist/vendor/") ? places : [...places, "sourceMappingURL", "file:///"];
      return signs.filter((place) => text.includes(place)).map((place) => `${file}: ${place}`);
    });
    expect(found).toEqual([]);
  });

  it("the package imports only what its package.json depends on", () => {
    const { dependencies = {}, peerDependencies = {} } = manifest;
    const known = [manifest.name, ...Object.keys(dependencies), ...Object.keys(peerDependencies)];
    const found = files.flatMap((file) =>
      importsOf(file)
        .filter((name) => !known.includes(name))
        .map((name) => `${file}: ${name}`),
    );
    expect(found).toEqual([]);
  });
});

/** The packages that a program or its declarations import, in whatever way. */
function importsOf(file: string): readonly string[] {
  if (!/\.(c?js|d\.c?ts)$/.test(file) || file.startsWith("dist/vendor/")) return [];
  const { importedFiles, typeReferenceDirectives } = ts.preProcessFile(textOf(file), true, true);
  return [...importedFiles, ...typeReferenceDirectives]
    .map(({ fileName }) => fileName)
    .filter((name) => !/^(\.|#|node:)/.test(name) && !builtinModules.includes(name))
    .map((name) => name.split("/", name.startsWith("@") ? 2 : 1).join("/"));
}

describe("package.json", () => {
  it("package.json has the metadata that npm and users need", () => {
    expect(manifest).toMatchObject({
      name: "savedmodel",
      license: "Apache-2.0",
      type: "module",
      engines: { node: "^20.19 || >=22.12" },
      publishConfig: { access: "public", provenance: true },
    });
  });

  it("package.json declares one optional peer, gRPC: others would keep bundlers in production installs", () => {
    expect(Object.keys(manifest.peerDependencies ?? {})).toEqual(["@grpc/grpc-js"]);
    expect(manifest.peerDependenciesMeta).toEqual({ "@grpc/grpc-js": { optional: true } });
  });

  it("package.json has no script that runs when a user installs the package", () => {
    const automatic = ["preinstall", "install", "postinstall"];
    expect(Object.keys(manifest.scripts ?? {}).filter((name) => automatic.includes(name))).toEqual([]);
  });
});

describe("an installed package", () => {
  const entries = (): readonly string[] =>
    Object.keys(manifest.exports)
      .filter((key) => extname(key) !== ".json")
      .map((key) => manifest.name + key.slice(1));

  it("an installed package has every entry point, for import and require, without bundlers for its plugins", () => {
    const names = JSON.stringify(entries());
    const script = `
      const names = ${names};
      const required = names.map((name) => Object.keys(require(name)).length > 0);
      Promise.all(names.map((name) => import(name))).then((imported) => {
        const same = imported.every((module, index) => {
          const required = require(names[index]);
          const exported = Object.keys(module).filter((name) => name !== "default" && name !== "module.exports");
          return exported.length === Object.keys(required).length && exported.every((name) => module[name] === required[name]);
        });
        console.log(JSON.stringify({ required, same }));
      });`;
    writeFileSync(join(folder, "entries.cjs"), script);
    const printed = JSON.parse(outputAsUser(folder, process.execPath, ["entries.cjs"])) as object;
    expect(printed).toEqual({ required: entries().map(() => true), same: true });
  });

  // TypeScript 5.7, of before `require` of ES modules, takes the declarations for CommonJS; 7 has no node10 any more.
  it.each([
    ["commonjs", "nodenext", ["5.7", "6", "7"]],
    ["module", "nodenext", ["5.7", "6", "7"]],
    ["module", "bundler", ["5.7", "6", "7"]],
    ["commonjs", "node10", ["5.7"]],
  ])(
    "an installed package has types at every entry point for type %s and moduleResolution %s",
    (type, moduleResolution, versions) => {
      const project = join(folder, `${type}-${moduleResolution}`);
      mkdirSync(project);
      const lines = entries().map((name, index) => `import * as entry${index} from "${name}";\n`);
      const used = `export const entries: readonly object[] = [${entries().map((_, index) => `entry${index}`)}];\n`;
      writeFileSync(join(project, "index.ts"), lines.join("") + used);
      writeFileSync(join(project, "package.json"), JSON.stringify({ type }));
      const compilerOptions = {
        target: "es2022",
        lib: ["es2023", "esnext.disposable"],
        types: ["node"],
        module: { nodenext: "nodenext", bundler: "esnext" }[moduleResolution] ?? "commonjs",
        moduleResolution,
        strict: true,
        // Of the declarations of Node.js, which are newer than the oldest compiler.
        skipLibCheck: versions[0] === "5.7",
        noEmit: true,
      };
      writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["index.ts"] }));
      const compiler = join(dirname(folder), "node_modules/typescript/bin/tsc");
      for (const version of versions) {
        if (version === "6") {
          expect(outputAsUser(project, process.execPath, [compiler, "-p", ".", "--pretty", "false"])).toBe("");
        } else {
          const name = version === "7" ? "typescript-7" : "typescript-5.7";
          expect(runCompiler(name, ["-p", project, "--pretty", "false"])).toBe("");
        }
      }
    },
  );

  it("is all that a production install has in a project with plugins for bundlers", () => {
    const project = mkdtempSync(join(tmpdir(), "savedmodel-production-"));
    onTestFinished(() => rmSync(project, { recursive: true, force: true }));
    const own = manifestIn(root).devDependencies ?? {};
    const bundlers = ["vite", "rollup", "esbuild", "webpack", "@rspack/core"];
    const devDependencies = Object.fromEntries(bundlers.map((name) => [name, own[name]]));
    const dependencies = { savedmodel: `file:${tarball}` };
    writeFileSync(join(project, "package.json"), JSON.stringify({ type: "module", dependencies, devDependencies }));
    writeFileSync(
      join(project, "vite.config.js"),
      'import { savedmodel } from "savedmodel/vite";\nexport default { plugins: [savedmodel()] };\n',
    );
    const npm = (...parameters: string[]): string =>
      outputAsUser(project, "npm", [...parameters, "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"]);
    npm("install", "--package-lock-only");
    const locked = readFileSync(join(project, "package-lock.json"), "utf8");
    expect(bundlers.filter((name) => !locked.includes(`"node_modules/${name}"`))).toEqual([]);
    npm("ci", "--omit=dev");
    const modules = join(project, "node_modules");
    const installed = readdirSync(modules).filter((name) => !name.startsWith("."));
    expect(installed.sort()).toEqual(["@koromix", "jiti", "koffi", "savedmodel"]);
    expect(readdirSync(join(modules, "savedmodel"))).not.toContain("node_modules");
    writeFileSync(join(project, "main.js"), 'import { Model } from "savedmodel";\nconsole.log(typeof Model.load);\n');
    expect(outputAsUser(project, process.execPath, ["main.js"])).toBe("function\n");
  });

  it("importing an installed package reads few files, and no native code", () => {
    writeFileSync(
      join(folder, "cost.cjs"),
      `
      const before = process.cpuUsage();
      require("savedmodel");
      const { user, system } = process.cpuUsage(before);
      const files = Object.keys(require.cache).filter((file) => file !== __filename);
      const bytes = files.reduce((sum, file) => sum + require("node:fs").statSync(file).size, 0);
      console.log(JSON.stringify({ files: files.length, bytes, native: files.some((file) => file.includes("koffi")) }));
      console.error(\`import of savedmodel: \${Math.round((user + system) / 1000)} ms of CPU\`);`,
    );
    const { stdout, stderr } = runAsUser(folder, process.execPath, ["cost.cjs"]);
    const cost = JSON.parse(stdout) as { readonly files: number; readonly bytes: number; readonly native: boolean };
    // The time is for whoever reads the output: it decides nothing.
    process.stderr.write(stderr);
    expect(cost.native).toBe(false);
    expect(cost.files).toBeLessThanOrEqual(3);
    expect(cost.bytes).toBeLessThanOrEqual(600_000);
  });

  const permissive = /^(0BSD|Apache-2\.0|BSD-[23]-Clause|BlueOak-1\.0\.0|ISC|MIT|\(MIT OR CC0-1\.0\))$/;

  it("an installed package brings three packages under permissive licenses, and at most 15 MB", () => {
    const packages = new Map<string, string>();
    collect(join(dirname(folder), "node_modules/savedmodel"), packages);
    expect([...packages].filter(([, license]) => !permissive.test(license))).toEqual([]);
    const names = [...packages.keys()].map((home) => manifestIn(home).name);
    expect(names.filter((name) => !name.startsWith("@koromix/koffi-")).sort()).toEqual(["jiti", "koffi", "savedmodel"]);
    const bytes = [...packages.keys()].reduce((sum, home) => sum + bytesBelow(home), 0);
    expect(bytes).toBeLessThanOrEqual(15_000_000);
  });

  it("the license of every bundled package is listed", () => {
    const titles = textOf("dist/THIRD-PARTY-LICENSES.md").match(/^## .+$/gm) ?? [];
    const licences = titles.map((title) => /\((.+)\)$/.exec(title)?.[1] ?? "none");
    expect(licences.filter((license) => !permissive.test(license))).toEqual([]);
    expect(titles.join("\n")).toMatch(/^## typescript /m);
  });
});

/** The licences of a package and of all that it depends on, as they are installed. */
function collect(home: string, into: Map<string, string>): void {
  if (into.has(home)) return;
  const { license, dependencies = {}, optionalDependencies = {} } = manifestIn(home);
  into.set(home, license ?? "none");
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
    const found = installedFor(home, name);
    if (found !== undefined) collect(found, into);
    else if (!(name in optionalDependencies)) throw new Error(`${home} lacks ${name}`);
  }
}

function bytesBelow(home: string): number {
  return readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes(join(home, "node_modules")))
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}

/** The nearest package of this name, as Node.js looks for it. */
function installedFor(home: string, name: string): string | undefined {
  for (let place = home; place !== dirname(place); place = dirname(place)) {
    const found = join(place, "node_modules", name);
    if (existsSync(join(found, "package.json"))) return found;
  }
  return undefined;
}
