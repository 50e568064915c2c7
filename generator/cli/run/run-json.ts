import { safeJson } from "../ui/safe-json.js";

/** A string, or a number as written. */
const LITERAL = /"[^"\\]*(?:\\.[^"\\]*)*"|-?[0-9][0-9.eE+-]*/g;
/** An integer that may exceed 2^53. */
const WIDE_INTEGER = /^-?[0-9]{16,}$/;

/**
 * Parses JSON, with wide integers as decimal strings: numbers would round them. Not every version of Node.js passes the
 * source to a reviver.
 *
 * @throws SyntaxError
 */
export function parseExact(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (!/[0-9]{16}/.test(text)) return value;
  return JSON.parse(text.replace(LITERAL, (literal) => (WIDE_INTEGER.test(literal) ? `"${literal}"` : literal)));
}

/**
 * Returns the JSON of plain values, including what JSON.stringify would lose: NaN, the infinities and 64-bit integers
 * as strings, and the sign of a zero.
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
