/** `npm run build:once`: builds `dist/` unless it is newer than all sources. */
import { spawnSync } from "node:child_process";
import { staleReason } from "./dist.js";

const reason = staleReason();
if (reason === undefined) {
  console.log("dist/ is newer than all sources");
} else {
  console.log(reason);
  const { status } = spawnSync("npm", ["run", "build"], { stdio: "inherit", shell: process.platform === "win32" });
  process.exitCode = status ?? 1;
}
