import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import { outputAsUser, versionOf } from "../support/stranger.js";
import { modelFolder } from "../support/temp.js";
import { toolProgram } from "../support/tools.js";

/** The packages that a project has beside this one. */
const TOOLS: readonly string[] = [
  ...(["@types/node", "tsx", "typescript", "vite", "vitest"] as const).map(versionOf),
  // jest-util is a peer of ts-jest, which Plug'n'Play insists on.
  ...["@types/jest@30.0.0", "jest@30.5.2", "jest-util@30.5.1", "ts-jest@29.4.15"],
];

/** A package manager, with its way to install packages. */
export interface Manager {
  /** The program; undefined where there is none for this system. */
  readonly program: string | undefined;
  /** How a package of a workspace depends on another one. */
  readonly sibling: string;
  /** Files of the project that it reads. */
  readonly files?: Readonly<Record<string, string>>;
  readonly install: readonly string[];
  /** True if packages stay in archives, which only its own loader reads. */
  readonly hasLoader?: true;
}

// Registries of tests may be at `http:` addresses.
const YARN = 'nodeLinker: pnp\nenableTelemetry: false\nenableScripts: false\nunsafeHttpWhitelist: ["*"]\n';
const PNPM =
  'packages: ["packages/*"]\nallowBuilds:\n  "@parcel/watcher": false\n  esbuild: false\n  koffi: false\n  unrs-resolver: false\n';

export const MANAGERS: Readonly<Record<string, Manager>> = {
  npm: {
    program: "npm",
    sibling: "*",
    install: ["install", "--ignore-scripts", "--prefer-offline", "--no-package-lock"],
  },
  "pnpm, isolated": {
    program: toolProgram("pnpm"),
    sibling: "workspace:*",
    files: { "pnpm-workspace.yaml": PNPM },
    install: ["install", "--prefer-offline"],
  },
  "pnpm, hoisted": {
    program: toolProgram("pnpm"),
    sibling: "workspace:*",
    files: { "pnpm-workspace.yaml": `nodeLinker: hoisted\n${PNPM}` },
    install: ["install", "--prefer-offline"],
  },
  "Yarn Plug'n'Play": {
    program: toolProgram("yarn"),
    sibling: "workspace:*",
    files: { ".yarnrc.yml": YARN },
    install: ["install", "--no-immutable"],
    hasLoader: true,
  },
};

/** The program of each project; `CLIENT` is where it imports the client from. It works without a type checker. */
const EXERCISE = `
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SavedModelError, Tensor } from "savedmodel";
import { CustomModel } from "CLIENT";

export async function exercise(): Promise<object> {
  const fake = CustomModel.fake({ pred: () => [[0.5]] });
  const faked = fake.pred(Tensor.from("float32", [[1, 1]], [1, 2])).item();
  let code = "";
  try {
    fake.pred([[1]] as never);
  } catch (error) {
    if (error instanceof SavedModelError) code = error.code;
  }
  const model = CustomModel.load();
  const first = model.pred([[1, 1]]).item();
  const losses = Array.from({ length: 4 }, () => model.train(new Float32Array([1, 1]), [[2]]));
  losses.push(await model.async.train([[1, 1]], [[2]]));
  const trained = model.pred([[1, 1]]).item();
  const folder = mkdtempSync(join(tmpdir(), "savedmodel-matrix-"));
  const saved = join(folder, "model");
  // A save over another one, and over itself.
  for (let count = 0; count < 3; count++) model.save(saved);
  const again = CustomModel.load(saved);
  again.save(saved);
  const reloaded = again.pred([[1, 1]]).item();
  again.dispose();
  await model.close();
  rmSync(folder, { recursive: true });
  return { faked, code, first, losses, trained, reloaded };
}
`;

const MAIN = `${EXERCISE}
void exercise().then((result) => console.log(JSON.stringify(result)));
`;

/** Test runners may hold back what tests print. */
const TEST = `${EXERCISE}
import { writeFileSync } from "node:fs";
test("exercise", async () => {
  writeFileSync("result.json", JSON.stringify(await exercise()));
}, 1_200_000);
`;

const JEST = `module.exports = {
  preset: "ts-jest",
  testEnvironment: "node",
  moduleNameMapper: { "^(\\\\.{1,2}/.*)\\\\.js$": "$1" },
};
`;

const COMPILER_OPTIONS = {
  target: "es2022",
  lib: ["es2023", "esnext.disposable"],
  strict: true,
  skipLibCheck: true,
};

/** The files of a project: a folder for each kind of modules, each with a client of its own. */
function projectFiles(): Readonly<Record<string, string>> {
  const javascript = (module: ts.ModuleKind, client = "./generated/custom-model.js"): string =>
    ts.transpileModule(MAIN.replace("CLIENT", client), {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module },
    }).outputText;
  return {
    "esm/package.json": '{ "type": "module" }',
    "esm/main.js": javascript(ts.ModuleKind.ESNext),
    "cjs/package.json": '{ "type": "commonjs" }',
    "cjs/main.js": javascript(ts.ModuleKind.CommonJS),
    "ts/package.json": '{ "type": "module" }',
    "ts/main.ts": MAIN.replace("CLIENT", "./generated/custom-model.ts"),
    "ts/exercise.test.ts": TEST.replace("CLIENT", "./generated/custom-model.js"),
    "ts/vitest.config.ts": "export default { test: { globals: true } };\n",
    "ts/tsconfig.json": JSON.stringify({
      compilerOptions: {
        ...COMPILER_OPTIONS,
        module: "nodenext",
        types: ["node"],
        allowImportingTsExtensions: true,
        noEmit: true,
      },
      include: ["main.ts"],
    }),
    "packages/ranker/index.js": 'export * from "./generated/custom-model.js";\n',
    "packages/api/main.js": javascript(ts.ModuleKind.ESNext, "ranker"),
    "jest/package.json": '{ "type": "commonjs" }',
    "jest/jest.config.js": JEST,
    "jest/one.test.ts": TEST.replace("CLIENT", "./generated/custom-model.js"),
    // Jest has a copy of the package for each file of tests; here, in one process.
    "jest/two.test.ts": TEST.replace("CLIENT", "./generated/custom-model.js"),
    "jest/tsconfig.json": JSON.stringify({
      compilerOptions: {
        ...COMPILER_OPTIONS,
        module: "nodenext",
        types: ["node", "jest"],
      },
    }),
  };
}

/** A project in which a package manager has installed the packed package, with a client for each of its folders. */
export class MatrixProject {
  readonly #root: string;
  readonly #manager: Manager;

  constructor(root: string, tarball: string, manager: Manager) {
    this.#root = root;
    this.#manager = manager;
    const versions = TOOLS.map((wanted) => /^(.+)@(.+)$/.exec(wanted)?.slice(1) ?? []);
    const devDependencies = Object.fromEntries(versions) as Record<string, string>;
    const dependencies = { savedmodel: `file:${tarball}` };
    const manifest = {
      name: "project",
      private: true,
      workspaces: ["packages/*"],
      dependencies,
      devDependencies,
      // Yarn has a copy of the tarball for each package otherwise; Vitest would take a newer Vite, with what it depends on.
      resolutions: { ...dependencies, vite: devDependencies.vite },
    };
    const ranker = { name: "ranker", version: "1.0.0", type: "module", exports: "./index.js", dependencies };
    const api = { name: "api", type: "module", dependencies: { ...dependencies, ranker: manager.sibling } };
    const files = {
      "package.json": JSON.stringify(manifest),
      "packages/ranker/package.json": JSON.stringify(ranker),
      "packages/api/package.json": JSON.stringify(api),
      ...projectFiles(),
      ...manager.files,
    };
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), text);
    }
    cpSync(modelFolder("custom_model"), join(root, "models/custom_model"), { recursive: true });
    // A name that nothing below the root has: only the package of the client leads to it.
    cpSync(modelFolder("custom_model"), join(root, "packages/ranker/models/ranker"), { recursive: true });
    this.#output(manager.program ?? "", manager.install);
    this.run([
      ...["savedmodel", "generate", "packages/ranker/models/ranker", "--class-name", "CustomModel"],
      ...["-o", "packages/ranker/generated", "--target", "js"],
    ]);
    for (const folder of ["esm", "cjs", "ts", "jest"]) {
      const target = folder === "ts" || folder === "jest" ? "ts" : "js";
      this.run(["savedmodel", "generate", "models/custom_model", "-o", `${folder}/generated`, "--target", target]);
    }
  }

  /** Returns what a program prints that a user runs in the project; the first word is `node`, or a program of a package. */
  run([program = "", ...parameters]: readonly string[], node: string = process.execPath): string {
    if (this.#manager.hasLoader === true) {
      const command = program === "node" ? ["node"] : ["run", program];
      return this.#output(node, [this.#manager.program ?? "", ...command, ...parameters]);
    }
    if (program === "node") return this.#output(node, parameters);
    if (node === process.execPath) return this.#output(join(this.#root, "node_modules/.bin", program), parameters);
    return this.#output(node, [join(this.#root, "node_modules", program, "bin", `${program}.js`), ...parameters]);
  }

  /** Returns what the tests of a runner have come to. */
  test(command: readonly string[], node?: string): string {
    const result = join(this.#root, "result.json");
    rmSync(result, { force: true });
    this.run(command, node);
    return readFileSync(result, "utf8");
  }

  /** Returns what another program prints, which finds the packages by itself. */
  runWith(program: string, parameters: readonly string[]): string {
    return this.#output(program, parameters);
  }

  #output(program: string, parameters: readonly string[]): string {
    return outputAsUser(this.#root, program, parameters, registry());
  }
}

let address: string | undefined;

/** Yarn and pnpm do not look everywhere where npm is told of its registry. */
function registry(): Readonly<Record<string, string>> {
  address ??= outputAsUser(".", "npm", ["config", "get", "registry"]).trim();
  return { YARN_NPM_REGISTRY_SERVER: address, npm_config_registry: address };
}
