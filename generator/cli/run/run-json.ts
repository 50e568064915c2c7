import { safeJson } from "../ui/safe-json.js";

/** A string, or a number as it is written. */
const LITERAL = /"[^"\\]*(?:\\.[^"\\]*)*"|-?[0-9][0-9.eE+-]*/g;
/** An integer that may be beyond 2^53. */
const WIDE_INTEGER = /^-?[0-9]{16,}$/;

/**
 * The value of a JSON text, its wide integers as decimal text: parsing them as numbers would round them. Not every version
 * of Node.js gives a reviver the source text.
 *
 * @throws SyntaxError
 */
export function parseExact(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (!/[0-9]{16}/.test(text)) return value;
  return JSON.parse(text.replace(LITERAL, (literal) => (WIDE_INTEGER.test(literal) ? `"${literal}"` : literal)));
}

/**
 * The JSON of plain values, with what JSON.stringify would lose: NaN and the infinities as text, integers of 64 bits as
 * decimal text, and the sign of a zero.
 */
export function jsonText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jsonText).join(",")}]`;
  if (typeof value === "bigint") return `"${value}"`;
  if (typeof value === "number") {
    if (Object.is(value, -0)) return "-0.0";
    return Number.isFinite(value) ? `${value}` : `"${value}"`;
  }
  if (typeof value !== "object" || value === null) return safeJson(value);
  return `{${Object.entries(value).map(([key, entry]) => `${safeJson(key)}:${jsonText(entry)}`)}}`;
}
