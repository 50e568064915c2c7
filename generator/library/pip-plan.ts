import { isRecord } from "../../runtime/base/is-record.js";
import type { Pip } from "./pip.js";
import { runCommand } from "./run-command.js";

/** A wheel that pip would download. */
export interface PlannedWheel {
  readonly name: string;
  readonly version: string;
  readonly bytes: number;
}

/** Parameters of {@link planDownload}. */
export interface PlanRequest {
  /** Packages and versions as pip reads them: `tensorflow[and-cuda]==2.21.0`. */
  readonly requirements: readonly string[];
  readonly pipPlatforms: readonly string[];
  /** An empty folder: Python searches for modules there first, so never the user's. */
  readonly folder: string;
  readonly signal: AbortSignal | undefined;
}

/**
 * Asks the user's package index which wheels pip would download, and their sizes. Of the wheel of a requirement with an
 * extra, what that extra names is added, of which only NVIDIA's packages. Nothing but metadata is downloaded.
 *
 * No command of pip's tells sizes before it downloads, so its modules are used, with their connections, proxies and
 * credentials. They are not documented: pip 22.0 to 26.3 have them.
 *
 * @returns undefined if the sizes cannot be told, as by another pip, or by an index that does not serve parts of files
 */
export async function planDownload(pip: Pip, request: PlanRequest): Promise<readonly PlannedWheel[] | undefined> {
  const { requirements, pipPlatforms, folder, signal } = request;
  const isPython = pip.parameters.includes("-m");
  if (!isPython) return undefined;
  const python = pip.parameters.slice(0, pip.parameters.indexOf("-m"));
  const options = ["--no-deps", "--only-binary=:all:", "--implementation", "cp", "--python-version", "3.11"];
  options.push("--no-input", "--disable-pip-version-check", ...pipPlatforms.flatMap((tag) => ["--platform", tag]));
  const parameters = [...python, "-c", SCRIPT, JSON.stringify([requirements, [...options, ...requirements]])];
  const answer = await runCommand(pip.command, parameters, {
    cwd: folder,
    env: { PIP_REQUIRE_VIRTUALENV: "0" },
    signal,
  });
  signal?.throwIfAborted();
  const line = /^\[.*\]$/m.exec(answer.stdout)?.[0];
  if (answer.code !== 0 || line === undefined) return undefined;
  const wheels: unknown = JSON.parse(line);
  return Array.isArray(wheels) && wheels.every(isWheel) ? wheels : undefined;
}

const SCRIPT = `
import json, sys
from pip._internal.cli.cmdoptions import make_target_python
from pip._internal.commands import create_command
from pip._internal.network.lazy_wheel import dist_from_wheel_url
from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.utils import canonicalize_name

requirements, parameters = json.loads(sys.argv[1])
command = create_command("download")
options, _ = command.parse_args(parameters)
wheels = []
with command.main_context(), command._build_session(options) as session:
    finder = command._build_package_finder(options, session, make_target_python(options))
    todo = [Requirement(text) for text in requirements]
    while todo:
        requirement = todo.pop(0)
        name = canonicalize_name(requirement.name)
        candidate = finder.find_best_candidate(name, requirement.specifier).best_candidate
        url = candidate.link.url_without_fragment
        response = session.head(url, headers={"Accept-Encoding": "identity"}, allow_redirects=True)
        response.raise_for_status()
        size = int(response.headers["Content-Length"])
        wheels.append({"name": name, "version": str(candidate.version), "bytes": size})
        if requirement.extras:
            dist = dist_from_wheel_url(name, url, session)
            named = dist.iter_dependencies(requirement.extras)
            todo += [found for found in named if found.name.startswith("nvidia")]
print(json.dumps(wheels))
`;

function isWheel(wheel: unknown): wheel is PlannedWheel {
  if (!isRecord(wheel)) return false;
  return typeof wheel.name === "string" && typeof wheel.version === "string" && typeof wheel.bytes === "number";
}
