import { readdirSync } from "node:fs";
import { sep } from "node:path";
import { check, LinkState } from "linkinator";

/** Returns the dead links of the site in a folder, with a page that has them. External links are not followed. */
export async function deadLinks(folder: string): Promise<readonly string[]> {
  // The navigation is built by a script: not every page can be found by following links.
  const pages = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".html"))
    .map((name) => name.replaceAll(sep, "/"))
    .sort();
  const { links } = await check({
    path: pages,
    serverRoot: folder,
    recurse: true,
    checkFragments: true,
    linksToSkip: async (link) => !/^http:\/\/(localhost|127\.0\.0\.1|\[::1\]):\d+\//.test(link),
  });
  const found = new Set(links.map(({ url }) => url.replace(/#.*/, "")));
  const unseen = pages.filter((page) => !found.has(page));
  if (unseen.length > 0) throw new Error(`${folder}: not looked at: ${unseen.join(", ")}`);
  return [
    ...new Set(
      links
        .filter(({ state }) => state === LinkState.BROKEN)
        .map(({ url, parent = "" }) => (parent === "" ? url : `${url} on ${parent}`)),
    ),
  ].sort();
}
