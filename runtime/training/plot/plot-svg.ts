import { printable } from "../../base/text.js";

type Attributes = Readonly<Record<string, string | number>>;

/** Returns an element of a chart; the children are XML already. Nothing else adds markup to a chart. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const list = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${typeof value === "number" ? decimal(value) : escapeXml(value)}"`,
  );
  const head = `<${name}${list.join("")}`;
  return children.length === 0 ? `${head}/>` : `${head}>${children.join("")}</${name}>`;
}

/** Escapes a string for a chart: characters that cannot be shown are escaped, and a string over the limit is cut. */
export function textNode(text: string, limit?: number): string {
  return escapeXml(printable(text, limit));
}

/** Escapes a string for a chart, cut to the available width. */
export function fittingText(text: string, size: number, room: number): string {
  const shown = printable(text, 500);
  if (textWidth(shown, size) <= room) return escapeXml(shown);
  let left = room - textWidth("…", size);
  let cut = "";
  for (const character of shown) {
    left -= textWidth(character, size);
    if (left < 0) break;
    cut += character;
  }
  return escapeXml(`${cut}…`);
}

/**
 * Estimates the width of a string in pixels, since fonts differ and cannot be measured here. Letters of East Asia are
 * square.
 */
export function textWidth(text: string, size: number): number {
  let width = 0;
  for (const character of text) width += size * (character < "\u2000" ? 0.66 : 1);
  return width;
}

/** Escapes a string for XML; U+FFFE and U+FFFF, which XML cannot represent, are replaced. */
function escapeXml(text: string): string {
  return text
    .replaceAll(/[\ufffe\uffff]/g, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** Rounds to a tenth of a pixel, which is as fine as anybody sees. */
function decimal(value: number): string {
  return String(Math.round(value * 10) / 10);
}
