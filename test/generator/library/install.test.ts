import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  closeSync,
  createReadStream,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { basename, dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { create } from "tar";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type InstallOptions, installLibrary } from "../../../generator/library/install-library.js";
import type { Progress } from "../../../generator/library/install-progress.js";
import { currentVersion, lookUpInstalled } from "../../../runtime/engines/local/library/library-cache.js";
import { currentPlatform } from "../../../runtime/engines/local/library/platform.js";
import { savedmodel as builtCommand } from "../../support/cli.js";
import {
  type Ended,
  listing,
  place,
  realLibrary,
  savedmodel,
  savedmodelKilledAt,
  start,
  temporaryFolder,
  visible,
} from "../../support/library.js";
import { modelFolder } from "../../support/temp.js";
import { zipOf } from "../../support/wheel.js";

const platform = currentPlatform();
const real = realLibrary();
const folder = dirname(real.main);
let cache: string;

beforeEach(() => {
  cache = temporaryFolder();
  vi.stubEnv("SAVEDMODEL_CACHE", cache);
  vi.stubEnv("SAVEDMODEL_TENSORFLOW", "");
  return () => vi.unstubAllEnvs();
});

/** Loads a model with the library of a folder, in a process of its own. */
function useLibrary(folder: string): Promise<Ended> {
  const file = "test/runtime/engines/local/library/use-library.ts";
  return start(file, [modelFolder("custom_model")], { SAVEDMODEL_TENSORFLOW: folder, SAVEDMODEL_LOG: "" }).ended;
}

/** Returns the message of a failed installation, after checking that it left nothing behind. */
async function failure(options: InstallOptions): Promise<string> {
  const error: unknown = await installLibrary(options).catch((reason: unknown) => reason);
  expect(listing(cache)).toEqual([]);
  return String(error);
}

function expectInstalled(version: string): void {
  expect(visible(cache)).toEqual([`${version}-${platform.name}`, "current"]);
  expect(listing(cache)).toEqual(visible(cache));
  expect(currentVersion()).toBe(version);
  expect(lookUpInstalled(version, platform)).toMatchObject({ found: true });
}

describe("from a folder", () => {
  test("install copies and checks a library from a folder and uses it; the second time it exists already", async () => {
    const phases = new Set<string>();
    const first = await installLibrary({ from: folder, onProgress: ({ phase }) => phases.add(phase) });
    expect(first.isNew).toBe(true);
    expectInstalled(first.version);
    expect([...phases]).toEqual(["unpack", "check"]);
    expect(await installLibrary({ version: first.version })).toEqual({ ...first, isNew: false });
  });

  test("two concurrent installs both finish, with one library", async () => {
    const [one, two] = await Promise.all([installLibrary({ from: folder }), installLibrary({ from: folder })]);
    expect(one).toEqual(two);
    expectInstalled(one.version);
  });

  test("install strips an installed library without fetching it again, once, and never the files of its source", async () => {
    const whole = await installLibrary({ from: folder });
    const answer = (): ReturnType<typeof lookUpInstalled> => lookUpInstalled(whole.version, platform);
    const sizes = (): readonly number[] => {
      const found = answer();
      return found.found ? found.manifest.files.map(({ size }) => size) : [];
    };
    const before = sizes();
    expect(await installLibrary({ version: whole.version, strip: true })).toEqual(whole);
    expectInstalled(whole.version);
    expect(answer()).toMatchObject({ manifest: { source: "folder", stripped: true } });
    const after = sizes();
    // The symbol tables of TensorFlow's own builds are a quarter of them; a library that has none stays as it is.
    for (const [at, size] of after.entries()) expect(size).toBeLessThanOrEqual(before[at] ?? 0);
    expect([real.main, real.framework].map((file) => statSync(file).size)).toEqual(before);
    expect(await installLibrary({ version: whole.version, strip: true })).toEqual({ ...whole, isNew: false });

    const { code, stdout, stderr } = await useLibrary(lookUpInstalled(whole.version, platform).folder);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({ place: "environment", version: whole.version, code: 0 });
  });

  test("install rejects a folder with another version than requested", async () => {
    expect(await failure({ from: folder, version: "2.12.3" })).toContain("version 2.12.3 was requested");
  });
});

describe("from a wheel", () => {
  let files: string;
  let wheel: string;
  let sha256: string;
  let server: Server;
  let address: string;

  beforeAll(async () => {
    files = temporaryFolderForAll();
    wheel = join(files, "tensorflow.whl");
    const script =
      "import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1], 'w')\nz.writestr('tensorflow/__init__.py', '')\n";
    const write =
      "z.write(sys.argv[2], 'tensorflow/libtensorflow_cc.so.2')\nz.write(sys.argv[3], 'tensorflow/libtensorflow_framework.so.2')\nz.close()";
    execFileSync("python3", ["-c", script + write, wheel, real.main, real.framework]);
    sha256 = createHash("sha256").update(readFileSync(wheel)).digest("hex");
    server = createServer((request, response) => {
      if (request.url?.startsWith("/tensorflow.whl") && request.headers.authorization === undefined) {
        response.setHeader("content-length", statSync(wheel).size);
        createReadStream(wheel).pipe(response);
      } else if (request.url === "/cut") {
        response.writeHead(200, { "content-length": "1000000" });
        response.write("PK\x03\x04", () => response.destroy());
      } else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const bound = server.address();
    address = `http://127.0.0.1:${typeof bound === "object" ? bound?.port : bound}`;
  });
  afterAll(() => {
    server.close();
    rmSync(files, { recursive: true, force: true });
  });

  test("install extracts only the libraries of a wheel", async () => {
    const { version } = await installLibrary({ from: wheel });
    expectInstalled(version);
    const answer = lookUpInstalled(version, platform);
    expect(answer.found && readdirSync(answer.folder).sort()).toEqual([
      "library.json",
      "libtensorflow_cc.so.2",
      "libtensorflow_framework.so.2",
    ]);
  });

  test("install downloads a wheel from a URL, with progress that ends at its size", async () => {
    let last: Progress | undefined;
    const { version } = await installLibrary({
      from: `${address}/tensorflow.whl?token=secret`,
      sha256: sha256.toUpperCase(),
      onProgress: (progress) => {
        if (progress.phase === "download") last = progress;
      },
    });
    expectInstalled(version);
    expect(last).toEqual({ phase: "download", done: statSync(wheel).size, total: statSync(wheel).size });
  });

  test("install reports a missing or incomplete download without showing credentials", async () => {
    const message = await failure({ from: `${address.replace("//", "//user:secret@")}/none?token=secret`, sha256 });
    expect(message).toContain("/none could not be downloaded: the server answered 404");
    expect(message).not.toContain("secret");
    expect(await failure({ from: `${address}/cut`, sha256 })).toContain("INSTALL_FAILED");
  });

  test("install rejects http:// without a SHA-256, before it connects", async () => {
    const message = await failure({ from: "http://user:secret@host.invalid/tensorflow.whl?token=secret" });
    expect(message).toContain("http://host.invalid/tensorflow.whl is not encrypted");
    expect(message).toContain("pass the file's SHA-256 as --sha256");
    expect(message).not.toContain("secret");
  });

  test("install rejects a redirection from https:// to http:// without a SHA-256", async ({ skip }) => {
    const key = join(temporaryFolder(), "key.pem");
    const make = [
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-subj",
      "/CN=localhost",
      "-keyout",
      key,
      "-out",
      `${key}.crt`,
    ];
    skip(spawnSync("openssl", make).status !== 0, "openssl, which makes a certificate, is missing");
    const secure = createSecureServer({ key: readFileSync(key), cert: readFileSync(`${key}.crt`) }, (_, response) => {
      response.writeHead(302, { location: `${address}/tensorflow.whl` }).end();
    });
    await new Promise<void>((resolve) => secure.listen(0, "127.0.0.1", resolve));
    const bound = secure.address();
    const from = `https://127.0.0.1:${typeof bound === "object" ? bound?.port : bound}/`;
    const { code, stderr } = await savedmodel(["install", "--from", from], { NODE_TLS_REJECT_UNAUTHORIZED: "0" });
    secure.close();
    expect(code).toBe(1);
    expect(stderr.replace(/\s+/g, " ")).toContain(`${address}/tensorflow.whl is not encrypted`);
    expect(listing(cache)).toEqual([]);
  });

  test("install rejects a file or download with another SHA-256, and a folder with any", async () => {
    const other = "0".repeat(64);
    for (const from of [wheel, `${address}/tensorflow.whl`]) {
      expect(await failure({ from, sha256: other })).toContain(`has the SHA-256 ${sha256}, expected ${other}`);
    }
    expect(await failure({ from: folder, sha256 })).toContain("is a folder, which has no SHA-256");
    expect(await failure({ sha256 })).toContain("the file that `from` names, which is missing");
    expect(await failure({ from: wheel, sha256: sha256.slice(1) })).toContain("is not a SHA-256");
  });

  test("install takes this platform's libraries from a jar with several platforms", async () => {
    const path = "org/tensorflow/internal/c_api";
    const jar = zipOf(
      {
        ...Object.fromEntries(
          ["linux-arm64", "linux-x86_64", "macosx-arm64"]
            .filter((name) => name !== platform.jarName)
            .map((name) => [`${path}/${name}/${basename(real.main)}`, "of another platform"]),
        ),
        [`${path}/${platform.jarName}/${basename(real.main)}`]: { file: real.main },
        [`${path}/${platform.jarName}/${basename(real.framework)}`]: { file: real.framework },
        [`${path}/${platform.jarName}/libjnitensorflow.so`]: "for Java",
      },
      "tensorflow-core-native.jar",
    );
    const { version } = await installLibrary({ from: jar });
    expectInstalled(version);
  });

  test("install rejects a wheel that unpacks to more than 4 GiB before it unpacks anything", async () => {
    const bomb = join(temporaryFolder(), "bomb.whl");
    const script =
      "import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED) as z:\n  for n in sys.argv[2:]: z.writestr(n, 'x')";
    execFileSync("python3", ["-c", script, bomb, "libtensorflow_cc.so.2", "libtensorflow_framework.so.2"]);
    const bytes = readFileSync(bomb);
    // The size of each entry in the central directory.
    for (let at = bytes.indexOf("PK\x01\x02"); at >= 0; at = bytes.indexOf("PK\x01\x02", at + 1)) {
      bytes.writeUInt32LE(0x9000_0000, at + 24);
    }
    writeFileSync(bomb, bytes);
    expect(await failure({ from: bomb })).toContain(`unpacks to ${2 * 0x9000_0000} bytes, more than 4 GiB`);
  });

  test("an install killed at any moment leaves a whole library or none, and the next one succeeds", async () => {
    // With nothing installed, and with a library that is being replaced.
    for (const before of [false, true]) {
      if (before) await installLibrary({ from: folder });
      for (const moment of ["Unpacking: 0 %", "Unpacking: 50 %", "Unpacking: 100 %", "Trying it", "installed in"]) {
        await savedmodelKilledAt(moment, ["install", "--from", wheel]);
        const version = currentVersion();
        if (before) expect(version, moment).toBeDefined();
        // Between two renames there is none, rather than a part of one.
        const answer = lookUpInstalled(version, platform);
        expect(answer.found ? "" : answer.reason, moment).toMatch(/^(|.*is(| not) installed)$/);
      }
    }
    const { version } = await installLibrary({ from: folder });
    expect(lookUpInstalled(version, platform)).toMatchObject({ found: true });
  }, 900_000);

  test("the built command line installs a wheel", async () => {
    const { status, stdout, stderr } = builtCommand(["install", "--from", wheel]);
    expect(status, stderr).toBe(0);
    const [, version = ""] = /^TensorFlow (\S+) is installed in /.exec(stdout) ?? [];
    expectInstalled(version);
  }, 600_000);

  test("a killed install leaves nothing visible, and the next one removes the rest", async () => {
    const { child, ended } = start("generator/cli/main.ts", ["install", "--from", wheel]);
    await new Promise<void>((resolve) => {
      child.stderr?.on("data", (text: string) => {
        if (text.includes("Unpacking")) resolve();
      });
      child.on("close", () => resolve());
    });
    child.kill("SIGKILL");
    await ended;
    expect(visible(cache)).toEqual([]);
    const [left = "nothing"] = listing(cache);
    expect(left).toMatch(/^\.installing-/);
    utimesSync(join(cache, "tensorflow", left), 0, 0);
    const { version } = await installLibrary({ from: folder });
    expectInstalled(version);
  });

  test("an install interrupted by Ctrl+C leaves nothing behind", async () => {
    const { child, ended } = start("generator/cli/main.ts", ["install", "--from", wheel]);
    child.stderr?.on("data", (text: string) => {
      if (!text.includes("Unpacking")) return;
      child.kill("SIGINT");
      // npx passes a second one on.
      setTimeout(() => child.kill("SIGINT"), 1);
    });
    const { code, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr).toContain("INSTALL_FAILED: interrupted; nothing was installed");
    expect(listing(cache)).toEqual([]);
  });

  test("install rejects a wheel with a path that leads out of the cache", async () => {
    const evil = join(temporaryFolder(), "evil.whl");
    const script = "import sys, zipfile\nzipfile.ZipFile(sys.argv[1], 'w').writestr('../../libtensorflow.so.2', 'x')";
    execFileSync("python3", ["-c", script, evil]);
    expect(await failure({ from: evil })).toContain("invalid relative path");
  });

  test("install rejects a damaged wheel", async () => {
    const file = openSync(wheel, "r+");
    writeSync(file, "damage", statSync(real.main).size / 2);
    closeSync(file);
    expect(await failure({ from: wheel })).toContain("is damaged: its checksum is wrong");
    execFileSync("truncate", ["--size", "1000000", wheel]);
    expect(await failure({ from: wheel })).toContain(`${wheel} is damaged`);
  });
});

function temporaryFolderForAll(): string {
  return execFileSync("mktemp", ["-d"], { encoding: "utf8" }).trim();
}

describe("from a tar.gz", () => {
  test("install extracts the official C library's files and links", async () => {
    const source = temporaryFolder();
    const lib = join(source, "lib");
    place(real.main, lib, "libtensorflow.so.2.21.0");
    symlinkSync("libtensorflow.so.2.21.0", join(lib, "libtensorflow.so.2"));
    symlinkSync("libtensorflow.so.2", join(lib, "libtensorflow.so"));
    place(real.framework, lib, "libtensorflow_framework.so.2.21.0");
    symlinkSync("libtensorflow_framework.so.2.21.0", join(lib, "libtensorflow_framework.so.2"));
    const file = join(source, "libtensorflow.tar.gz");
    await create({ gzip: { level: 0 }, cwd: source, file }, ["lib"]);
    const { version } = await installLibrary({ from: file });
    expectInstalled(version);
    const answer = lookUpInstalled(version, platform);
    expect(answer).toMatchObject({ manifest: { source: "archive", main: "libtensorflow.so.2" } });
  });

  test("install follows chains of links in any order and folder of a tar.gz", async () => {
    const source = temporaryFolder();
    const lib = join(source, "usr/lib64");
    place(real.main, lib, "libtensorflow.so.2.21.0");
    symlinkSync("libtensorflow.so.2.21.0", join(lib, "libtensorflow.so.2"));
    symlinkSync("libtensorflow.so.2", join(lib, "libtensorflow.so"));
    place(real.framework, lib, "libtensorflow_framework.so.2.21.0");
    symlinkSync("libtensorflow_framework.so.2.21.0", join(lib, "libtensorflow_framework.so.2"));
    const file = join(source, "libtensorflow.tar.gz");
    const names = [
      "libtensorflow.so",
      "libtensorflow.so.2",
      "libtensorflow_framework.so.2",
      "libtensorflow_framework.so.2.21.0",
      "libtensorflow.so.2.21.0",
    ];
    await create(
      { gzip: { level: 0 }, cwd: source, file },
      names.map((name) => `usr/lib64/${name}`),
    );
    const { version } = await installLibrary({ from: file });
    expectInstalled(version);
  });

  test("install rejects a tar.gz that says it has more than 4 GiB", async () => {
    const source = temporaryFolder();
    writeFileSync(join(source, "libtensorflow.so.2"), "x");
    const file = join(source, "bomb.tar");
    await create({ cwd: source, file }, ["libtensorflow.so.2"]);
    const bytes = readFileSync(file);
    const header = bytes.indexOf("libtensorflow.so.2");
    bytes.write("77777777777 ", header + 124);
    bytes.write("        ", header + 148);
    const sum = bytes.subarray(header, header + 512).reduce((total, byte) => total + byte, 0);
    bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, header + 148);
    writeFileSync(file, gzipSync(bytes));
    expect(await failure({ from: file })).toContain("unpacks to more than 4 GiB");
  });

  test("install rejects a tar.gz whose library links to a file outside it", async () => {
    const source = temporaryFolder();
    symlinkSync(real.main, join(source, "libtensorflow.so.2"));
    const file = join(source, "evil.tgz");
    await create({ gzip: true, cwd: source, file, preservePaths: true }, ["libtensorflow.so.2"]);
    expect(await failure({ from: file })).toContain("INSTALL_FAILED");
  });
});

describe("installation errors", () => {
  test.each<[string, () => string, string]>([
    ["a missing file", () => "/does/not/exist", "/does/not/exist does not exist"],
    ["another file", () => import.meta.filename, "is neither a wheel or jar (zip) nor a tar.gz"],
    ["an empty folder", () => temporaryFolder(), "holds none of"],
    ["a tar.gz of something else", () => otherArchive(), "holds none of libtensorflow"],
    ["a gzip that is not a tar", () => notATar(), "is damaged, or not a tar.gz. Pass a wheel of tensorflow"],
    ["a folder with a broken library", () => brokenLibrary(), "does not work on this machine"],
  ])("install rejects %s with a reason", async (_name, from, reason) => {
    expect(await failure({ from: from() })).toContain(reason);
  });

  function otherArchive(): string {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "notes.txt"), "no library");
    execFileSync("tar", ["-czf", "notes.tgz", "notes.txt"], { cwd: folder });
    return join(folder, "notes.tgz");
  }

  function notATar(): string {
    const file = join(temporaryFolder(), "text.gz");
    writeFileSync(file, gzipSync("text"));
    return file;
  }

  function brokenLibrary(): string {
    const broken = temporaryFolder();
    writeFileSync(join(broken, platform.mainNames[0] ?? ""), "not a library");
    return broken;
  }

  test("install rejects an unknown option and an invalid version by name", async () => {
    const misspelled: object = { form: folder };
    expect(await failure(misspelled)).toContain('installLibrary() has no option "form"');
    expect(await failure({ version: "--index-url" })).toContain('"--index-url" is not a TensorFlow version');
    expect(await failure({ version: "2.11.1" })).toContain(
      "TensorFlow 2.11.1 is too old. Choose a version from 2.12 to 2.21.",
    );
  });

  test("install without pip lists the alternatives", async () => {
    const { code, stderr } = await savedmodel(["install", "--version", "2.21.0"], { PATH: cache });
    expect(code).toBe(1);
    for (const text of ["pip, which downloads TensorFlow, was not found", "--from", "SAVEDMODEL_TENSORFLOW"])
      expect(stderr).toContain(text);
  });

  test("install reports a version that pip does not find with the newest one, not with all", async () => {
    const message = await failure({ version: "9.9.9" });
    expect(message).toMatch(
      /pip finds no tensorflow(-cpu)? 9\.9\.9 for this machine; .* is \d+\.\d+\.\d+\. Choose another/,
    );
  });

  test("install names a cache that cannot be written to", async () => {
    writeFileSync(join(cache, "file"), "");
    vi.stubEnv("SAVEDMODEL_CACHE", join(cache, "file"));
    expect(String(await installLibrary({ from: folder }).catch((error: unknown) => error))).toContain(
      "cannot be written to (ENOTDIR)",
    );
  });
});
