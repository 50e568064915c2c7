import { createTwoFilesPatch, FILE_HEADERS_ONLY, formatPatch } from "diff";

/** Lines of context around a change. */
const CONTEXT = 4;
/** Number of removed and added lines above which the smallest diff is not searched for: that takes quadratic time. */
const MOST_EDITS = 1000;

/**
 * Returns the unified diff of two strings. After very many changes, everything from the first line that differs to the
 * last one is replaced as a whole.
 */
export function unifiedDiff(path: string, before: string, after: string): string {
  const names = [`a/${path}`, `b/${path}`] as const;
  const smallest = createTwoFilesPatch(...names, before, after, undefined, undefined, {
    context: CONTEXT,
    headerOptions: FILE_HEADERS_ONLY,
    maxEditLength: MOST_EDITS,
  });
  return smallest ?? wholeDiff(names, before, after);
}

function wholeDiff([oldFileName, newFileName]: readonly [string, string], before: string, after: string): string {
  const [old, fresh] = [linesOf(before), linesOf(after)];
  const shorter = Math.min(old.length, fresh.length);
  let start = 0;
  while (start < shorter && old[start] === fresh[start]) start++;
  let end = 0;
  while (end < shorter - start && old.at(-1 - end) === fresh.at(-1 - end)) end++;
  const from = Math.max(0, start - CONTEXT);
  const tail = Math.min(CONTEXT, end);
  const lines = [
    ...old.slice(from, start).map((line) => ` ${line}`),
    ...old.slice(start, old.length - end).map((line) => `-${line}`),
    ...fresh.slice(start, fresh.length - end).map((line) => `+${line}`),
    ...old.slice(old.length - end, old.length - end + tail).map((line) => ` ${line}`),
  ];
  const hunk = {
    oldStart: from + 1,
    oldLines: old.length - end + tail - from,
    newStart: from + 1,
    newLines: fresh.length - end + tail - from,
    lines,
  };
  const header = { oldHeader: undefined, newHeader: undefined };
  return formatPatch({ oldFileName, newFileName, ...header, hunks: [hunk] }, FILE_HEADERS_ONLY);
}

function linesOf(text: string): readonly string[] {
  const lines = text.split("\n");
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}
