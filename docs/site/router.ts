import { relative, sep } from "node:path";
import { type Application, KindRouter, Models, type Reflection } from "typedoc";

/** Assigns every guide the path of its file as its URL, so that a new title breaks no link. */
export function defineRouter(app: Application, root: string): void {
  app.renderer.defineRouter(
    "savedmodel",
    class extends KindRouter {
      protected override getIdealBaseName(page: Reflection): string {
        const path = page instanceof Models.DocumentReflection && page.project.files.getReflectionPath(page);
        if (!path) return super.getIdealBaseName(page);
        return relative(root, path)
          .replaceAll(sep, "/")
          .replace(/\.md$/, "")
          .split("/")
          .map((part) => this.getUrlSafeName(part))
          .join("/");
      }
    },
  );
}
