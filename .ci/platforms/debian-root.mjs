// Used by smoke.mjs: installs the tarball of this package and that of TensorFlow's library into a minimal Debian without Python,
// and runs smoke.mjs there.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { missing } from "./emulate.mjs";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const RELEASE = "bookworm";

/**
 * @param folder the npm package with TensorFlow's library; undefined for the one that `npm run pack:library` makes
 * @returns the exit code: that of the program, or 2 if something is missing, which is printed
 */
export function tryInDebian(folder) {
  const name = `savedmodel-tensorflow-${process.platform}-${process.arch}`;
  const library = resolve(folder ?? join(repository, "build/packages", name));
  const root = join(repository, "build/emulated/debian");
  if (process.getuid?.() !== 0) return missing("the rights of root, for chroot");
  if (spawnSync("debootstrap", ["--version"]).error !== undefined)
    return missing("debootstrap (apt-get install debootstrap)");
  if (!existsSync(join(library, "library.json"))) return missing(`the npm package ${name} (npm run pack:library)`);
  if (!existsSync(join(root, "etc/debian_version"))) {
    rmSync(root, { recursive: true, force: true });
    const reason = run("debootstrap", ["--variant=minbase", RELEASE, root]);
    if (reason !== undefined) return missing(`a Debian (${reason})`);
  }
  const app = join(root, "app");
  rmSync(app, { recursive: true, force: true });
  mkdirSync(app);
  const packing = ["pack", "--ignore-scripts", "--silent", "--pack-destination", app];
  const packed = run("npm", [...packing, repository]) ?? run("npm", [...packing, library]);
  if (packed !== undefined) return missing(`the tarballs (${packed})`);
  const tarballs = readdirSync(app).map((file) => join(app, file));
  const installed = run("npm", [
    "install",
    "--prefix",
    app,
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    ...tarballs,
  ]);
  if (installed !== undefined) return missing(`the packages (${installed})`);
  for (const tarball of tarballs) rmSync(tarball);
  cpSync(process.execPath, join(app, "node"));
  for (const part of [".ci/platforms", "test/models"])
    cpSync(join(repository, part), join(app, part), { recursive: true });

  const entry = "/app/node_modules/savedmodel/dist/runtime/index.js";
  const program = `test -z "$(command -v python3)" && exec /app/node /app/.ci/platforms/smoke.mjs --api ${entry}`;
  // The mounts are gone with the namespace.
  const mounts = `for name in proc dev sys; do mount --rbind /$name "$0/$name"; done`;
  const script = `${mounts}; exec chroot "$0" /usr/bin/env -i PATH=/usr/bin:/bin HOME=/root /bin/sh -c "$1"`;
  const { status, signal, error } = spawnSync("unshare", ["--mount", "/bin/sh", "-c", script, root, program], {
    stdio: "inherit",
  });
  if (status === null) console.error(error?.message ?? `ended with ${signal}`);
  return status ?? 1;
}

/** Returns why a command failed. */
function run(command, parameters) {
  const { error, status, stderr } = spawnSync(command, parameters, { encoding: "utf8", cwd: "/" });
  return error?.message ?? (status === 0 ? undefined : stderr.trim().split("\n").slice(-2).join(" "));
}
