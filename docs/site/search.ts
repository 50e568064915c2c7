import { type Application, IndexEvent, Models } from "typedoc";

/** Weight of a word in a heading, compared with 1 for a word in the body. */
const WEIGHT = 20;

/** Lets a search find a guide by its headings, as docs/errors.md by the name of a code, however long it is. */
export function indexHeadings(app: Application): void {
  app.renderer.on(IndexEvent.PREPARE_INDEX, (event) => {
    event.searchFieldWeights.headings = WEIGHT;
    for (const [index, page] of event.searchResults.entries()) {
      const fields = event.searchFields[index];
      if (fields && page instanceof Models.DocumentReflection) fields.headings = headings(page);
    }
  });
}

function headings({ content }: Models.DocumentReflection): string {
  const prose = content.map(({ kind, text }) => (kind === "code" && text.startsWith("```") ? "" : text)).join("");
  return Array.from(prose.matchAll(/^#+ (.+)$/gm), ([, heading]) => heading).join(" ");
}
