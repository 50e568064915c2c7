/**
 * `npm run docs`: builds the site of the documentation into build/docs, and fails on a warning or a dead link.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Application } from "typedoc";
import { readGuides } from "./guides.js";
import { deadLinks } from "./links.js";
import { readModules } from "./modules.js";
import { siteOptions } from "./options.js";
import { namePages } from "./pages.js";
import { defineRouter } from "./router.js";
import { indexHeadings } from "./search.js";
import { openGroups } from "./sidebar.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const out = join(root, process.argv[2] ?? "build/docs");
const guides = readGuides(root);
const modules = readModules(root);

const app = await Application.bootstrap(siteOptions(root, out, guides, modules));
namePages(app, root, guides, modules);
defineRouter(app, root);
openGroups(app);
indexHeadings(app);

const project = await app.convert();
if (project) {
  app.validate(project);
  await app.generateOutputs(project);
}
let failed = project === undefined || app.logger.hasErrors() || app.logger.hasWarnings();
if (!failed) {
  for (const link of await deadLinks(out)) {
    console.error(`dead link: ${link}`);
    failed = true;
  }
}
if (failed) process.exitCode = 1;
else console.log(`build/docs/index.html is the start page; every link in the site leads somewhere.`);
