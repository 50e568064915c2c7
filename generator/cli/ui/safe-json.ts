/** Characters of strings that a terminal would interpret instead of showing, beside those that JSON escapes anyway. */
const UNSAFE = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** Returns a value as JSON that is safe for a terminal: the same values, with more characters of strings escaped. */
export function safeJson(value: unknown, indent?: number): string {
  // The characters occur in strings only.
  return JSON.stringify(value, undefined, indent).replace(UNSAFE, (character) =>
    Array.from({ length: character.length }, (_, index) => escapeUnit(character.charCodeAt(index))).join(""),
  );
}

function escapeUnit(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, "0")}`;
}
