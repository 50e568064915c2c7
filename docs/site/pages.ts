import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, extname, join, relative, sep } from "node:path";
import { type Application, type Context, Converter, Models, type NormalizedPath, normalizePath } from "typedoc";
import type { Guide } from "./guides.js";
import type { Module } from "./modules.js";

/** Group of the pages that show a file or folder which a guide links to. */
const FILES = "Files";

/** Languages of the files that are shown. Any other file is copied. */
const LANGUAGES: Readonly<Record<string, string>> = { ".csv": "csv", ".json": "json", ".py": "python", ".ts": "ts" };

/** Names modules and guides as their readers do, and creates a page for each file and folder that a guide links to. */
export function namePages(app: Application, root: string, guides: readonly Guide[], modules: readonly Module[]): void {
  const guideOf = new Map(guides.map((guide) => [normalizePath(guide.path), guide]));
  const nameOf = new Map(modules.map(({ name, path }) => [normalizePath(path), name]));

  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context: undefined, page: Models.DocumentReflection) => {
    const { files } = page.project;
    const path = files.getReflectionPath(page);
    const guide = path === undefined ? undefined : guideOf.get(path);
    if (path === undefined || guide === undefined) return;
    page.name = guide.title;
    page.frontmatter.group = guide.group;
    plainCode(page.content);
    // A folder shows its README, as it does in a repository.
    if (basename(path) === "README.md") files.registerReflectionPath(normalizePath(dirname(path)), page);
  });

  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }: Context) => {
    for (const module of project.getChildrenByKind(Models.ReflectionKind.Module)) {
      module.name = nameOf.get(project.files.getReflectionPath(module) ?? normalizePath("")) ?? module.name;
    }
  });

  app.converter.on(
    Converter.EVENT_RESOLVE_BEGIN,
    ({ project }: Context) => {
      plainCode(project.readme ?? []);
      for (const path of [...project.files.getMediaPaths()].sort()) {
        const content = contentOf(path, project);
        if (content === undefined) continue;
        const name = relative(root, path).replaceAll(sep, "/");
        const heading: Models.CommentDisplayPart = { kind: "text", text: `# ${name}\n\n` };
        const page = new Models.DocumentReflection(name, project, [heading, ...content], { group: FILES });
        project.addChild(page);
        project.registerReflection(page, undefined, path);
      }
    },
    AFTER_README,
  );

  app.converter.on(
    Converter.EVENT_RESOLVE_END,
    ({ project }: Context) => {
      for (const group of project.groups ?? []) if (group.title === "Modules") group.title = "Reference";
    },
    AFTER_GROUPS,
  );
}

/** Marks a block without a language as plain text instead of TypeScript. */
function plainCode(content: readonly Models.CommentDisplayPart[]): void {
  for (const part of content) {
    if (part.kind === "code") part.text = part.text.replace(/^(`{3,})(?=\n)/, "$1text");
  }
}

/** TypeDoc reads the README when the same event begins, with the priority 0. */
const AFTER_README = -1000;

/** TypeDoc makes groups when the same event ends, with the priority -100. */
const AFTER_GROUPS = -1000;

function contentOf(path: NormalizedPath, project: Models.ProjectReflection): Models.CommentDisplayPart[] | undefined {
  if (statSync(path).isDirectory()) return listOf(path, project);
  const language = LANGUAGES[extname(path)];
  if (language === undefined) return undefined;
  return [{ kind: "code", text: `\`\`\`\`${language}\n${readFileSync(path, "utf8").trimEnd()}\n\`\`\`\`` }];
}

/** Returns the entries of a folder; those that have a page are links to it. */
function listOf(folder: NormalizedPath, project: Models.ProjectReflection): Models.CommentDisplayPart[] {
  const { files, documents = [] } = project;
  const pageAt = new Map(documents.map((page) => [files.getReflectionPath(page), page]));
  return readdirSync(folder)
    .sort()
    .flatMap((name): Models.CommentDisplayPart[] => {
      const path = normalizePath(join(folder, name));
      const page = pageAt.get(path);
      if (page === undefined) return [{ kind: "text", text: `- \`${name}\`\n` }];
      return [
        { kind: "text", text: `- [${page.name}](` },
        { kind: "relative-link", text: name, target: files.registerAbsolute(path).target, targetAnchor: undefined },
        { kind: "text", text: ")\n" },
      ];
    });
}
