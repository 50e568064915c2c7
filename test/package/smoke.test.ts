import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { temporaryFolder } from "../support/library.js";

const program = fileURLToPath(new URL("../../.ci/platforms/smoke.mjs", import.meta.url));

function smoke(parameters: readonly string[], path: string): { status: number | null; stderr: string } {
  const env = { ...process.env, PATH: path };
  return spawnSync(process.execPath, [program, ...parameters], { encoding: "utf8", env });
}

it("`npm run smoke -- --qemu-arm64` names the emulator that is missing, in one line", () => {
  const { status, stderr } = smoke(["--qemu-arm64"], temporaryFolder());
  expect({ status, stderr }).toEqual({
    status: 2,
    stderr: "missing: qemu-aarch64-static (apt-get install qemu-user-static libstdc++6-arm64-cross)\n",
  });
});

it("`npm run smoke -- --wine` names the emulator or the package that is missing, in one line", () => {
  const { status, stderr } = smoke(["--wine", "--package", temporaryFolder()], temporaryFolder());
  expect(status).toBe(2);
  expect(stderr).toMatch(
    /^missing: (wine64 \(apt-get install wine64\)|the npm package savedmodel-tensorflow-win32-x64 \(npm run pack:library .*\))\n$/,
  );
});

it("`npm run smoke -- --debian` names what is missing, in one line", () => {
  const { status, stderr } = smoke(["--debian"], temporaryFolder());
  expect(status).toBe(2);
  expect(stderr).toMatch(/^missing: (the rights of root, for chroot|debootstrap \(apt-get install debootstrap\))\n$/);
});
