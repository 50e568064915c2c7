import { createHash } from "node:crypto";
import { createReadStream, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { basename } from "node:path";
import { onTestFinished } from "vitest";

/** Requests that an index got. */
interface PackageIndex {
  /** To be added to the environment of pip. */
  readonly env: Readonly<Record<string, string>>;
  /** Names of wheels, as often as they were downloaded. */
  readonly downloads: readonly string[];
}

/**
 * Starts a package index on this machine, for one test.
 *
 * @param hasRanges true if it serves parts of files, as the usual one does
 * @param sizeOf the size that is told of a wheel, if not its own
 */
export async function startPackageIndex(
  files: readonly string[],
  {
    hasRanges = true,
    sizeOf = sizeOfFile,
  }: { readonly hasRanges?: boolean; readonly sizeOf?: (file: string) => number } = {},
): Promise<PackageIndex> {
  const downloads: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    const [, name] = /^\/simple\/([^/]+)\/$/.exec(path) ?? [];
    if (name !== undefined) {
      response.setHeader("content-type", "text/html");
      const links = files.filter((file) => packageOf(file) === name).map(linkOf);
      response.end(`<!DOCTYPE html><html><body>${links.join("\n")}</body></html>`);
      return;
    }
    const file = files.find((other) => path === `/files/${basename(other)}`);
    if (file === undefined) {
      response.writeHead(404).end();
      return;
    }
    const size = statSync(file).size;
    if (hasRanges) response.setHeader("accept-ranges", "bytes");
    const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    if (request.method === "HEAD") {
      response.setHeader("content-length", sizeOf(file));
      response.end();
    } else if (hasRanges && start !== undefined) {
      const part = readFileSync(file).subarray(Number(start), Number(end) + 1);
      response.writeHead(206, { "content-range": `bytes ${start}-${end}/${size}`, "content-length": part.length });
      response.end(part);
    } else {
      downloads.push(basename(file));
      response.setHeader("content-length", size);
      createReadStream(file).pipe(response);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const env = {
    PIP_INDEX_URL: `http://127.0.0.1:${port}/simple/`,
    PIP_FIND_LINKS: "",
    PIP_NO_INDEX: "",
    PIP_RETRIES: "0",
  };
  return { env, downloads };
}

function sizeOfFile(file: string): number {
  return statSync(file).size;
}

function packageOf(file: string): string {
  return (basename(file).split("-", 1)[0] ?? "").replaceAll("_", "-").toLowerCase();
}

function linkOf(file: string): string {
  const hash = createHash("sha256").update(readFileSync(file)).digest("hex");
  return `<a href="/files/${basename(file)}#sha256=${hash}">${basename(file)}</a>`;
}
