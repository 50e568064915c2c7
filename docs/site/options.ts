import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TypeDocOptions } from "typedoc";
import type { Guide } from "./guides.js";
import type { Module } from "./modules.js";

/** Types that are parts of others, which no program has to name. */
const HELPERS: string[] = [
  "AnyString",
  "AnyTarget",
  "ColumnOf",
  "ComplexDType",
  "DataLike",
  "DefaultValue",
  "Entry",
  "Exported",
  "InputsOf",
  "IsScalar",
  "JsonMetrics",
  "JsonNumber",
  "List",
  "ListLike",
  "NamedColumns",
  "NamedOf",
  "ServerErrorOptions",
  "TableOf",
  "TargetOf",
  "WithRows",
  "Writable",
];

/** Returns the options of TypeDoc. All its warnings are errors. */
export function siteOptions(
  root: string,
  out: string,
  guides: readonly Guide[],
  modules: readonly Module[],
): TypeDocOptions {
  const repository = repositoryOf(root);
  return {
    name: "savedmodel",
    entryPoints: modules.map(({ path }) => path),
    tsconfig: join(root, "tsconfig.build.json"),
    // `npm run check:types` compiles.
    skipErrorChecking: true,
    includeVersion: true,
    navigationLinks: repository === undefined ? {} : { Repository: repository },
    readme: join(root, "README.md"),
    projectDocuments: guides.map(({ path }) => path),
    out,
    cleanOutputDir: true,

    excludeInternal: true,
    excludePrivate: true,
    // Sources are in the repository, at the URL in the header.
    disableGit: true,
    disableSources: true,
    hideGenerator: true,

    router: "savedmodel",
    sortEntryPoints: false,
    groupOrder: [
      ...new Set(guides.map(({ group }) => group)),
      "Modules",
      "Functions",
      "Classes",
      "Interfaces",
      "Type Aliases",
      "Variables",
      "Constructors",
      "Properties",
      "Accessors",
      "Methods",
      "*",
    ],
    navigation: { includeGroups: true, includeFolders: false, excludeReferences: true },
    headings: { readme: false, document: false },
    includeHierarchySummary: false,
    visibilityFilters: {},
    searchInDocuments: true,
    searchInComments: true,
    // Documentation for readers comes before pages that mention a word in passing.
    searchGroupBoosts: {
      ...Object.fromEntries(guides.map(({ group }) => [group, 3])),
      Project: 1,
      Decisions: 1,
      Files: 0.5,
    },
    customCss: join(root, "docs/site/site.css"),
    lightHighlightTheme: "github-light-high-contrast",
    darkHighlightTheme: "github-dark-high-contrast",
    highlightLanguages: ["ts", "sh", "console", "json", "python", "js", "csv", "yaml", "docker", "html"],

    treatWarningsAsErrors: true,
    treatValidationWarningsAsErrors: true,
    validation: { notExported: true, invalidLink: true, invalidPath: true, rewrittenLink: true, notDocumented: true },
    // Properties whose name and type are sufficient need no sentence.
    requiredToBeDocumented: [
      "Variable",
      "Function",
      "Class",
      "Interface",
      "TypeAlias",
      "Constructor",
      "Method",
      "Accessor",
      "CallSignature",
    ],
    intentionallyNotExported: HELPERS,
    logLevel: "Warn",
  };
}

/** Returns the URL of the repository, if package.json has one. */
function repositoryOf(root: string): string | undefined {
  const { repository } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly repository?: { readonly url: string };
  };
  return repository?.url.replace(/^git\+/, "").replace(/\.git$/, "");
}
