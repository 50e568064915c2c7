import { SavedModelError } from "../../base/errors.js";
import { describeForeign, ONE_COPY } from "../../base/package-copies.js";
import { didYouMean, listSome, nearest, quote } from "../../base/text.js";
import { isComposite } from "../../call/composite-call.js";
import type { CallInput } from "../../call/signature-call.js";
import type { Method } from "../../client/methods.js";
import { Table } from "../../data/table.js";
import { isDType } from "../../tensor/dtype.js";
import { formatShape } from "../../tensor/shape.js";
import { Tensor } from "../../tensor/tensor.js";

/** An input, and the column of the table for it. */
interface Match {
  readonly input: CallInput;
  /** Its name in an object of inputs. */
  readonly name: string;
  /** Columns with the name of the input, in the client or in Python. */
  readonly found: readonly string[];
}

/**
 * Returns the columns of a table in argument order: each input gets the column of its name in the client, or of its name in
 * Python. Other columns are not used.
 *
 * @param call name of the signature, for messages
 * @throws SavedModelError `INVALID_ARGUMENT` when the method takes its inputs in order only, when two columns are named like
 * one input, and when an input does not have one number or string in each row; `MISSING_INPUT` when an input has no column,
 * `UNKNOWN_INPUT` when a column is named almost like an optional input without one; the codes of {@link Table.tensor}
 */
export function tableColumns(call: string, { inputs, named }: Method, table: Table): readonly unknown[] {
  if (named === undefined) {
    throw new SavedModelError("INVALID_ARGUMENT", `${call}: a table needs a method that takes its inputs by name`, {
      fix: 'Pass an array of columns: `[table.tensor("float32", "a", "b")]`.',
    });
  }
  const known = inputs.map((input, index) => {
    const name = named.names[index] ?? input.key;
    return { input, name, names: new Set([name, ...authorsName(input)]) };
  });
  // A name that two inputs have means the one that has it in the client, or none.
  const isOnly = (column: string, own: string): boolean =>
    column === own || known.every(({ name, names }) => name === own || !names.has(column));
  const matches = known.map(
    ({ input, name, names }): Match => ({
      input,
      name,
      found: [...names].filter((column) => isOnly(column, name) && table.columns.has(column)),
    }),
  );
  const scalar = matches.find(({ input, found }) => isScalar(input) && (input.optional !== true || found.length > 0));
  if (scalar !== undefined) {
    const message = `${call}: input ${quote(scalar.name)} is a scalar, which a column of a table cannot be`;
    throw new SavedModelError("INVALID_ARGUMENT", message, { fix: objectAdvice(`${quote(scalar.name)}: 0.1`) });
  }
  requireColumns(call, matches, table);
  return matches.map(({ input, name, found: [column, other] }) => {
    if (column === undefined) return undefined;
    if (other !== undefined) {
      const message = `${call}: the table has two columns for input ${quote(name)}: ${quote(column)} and ${quote(other)}`;
      throw new SavedModelError("INVALID_ARGUMENT", message, { fix: columnAdvice(name, column) });
    }
    return columnOf(call, input, name, table, column);
  });
}

/** Returns true for a table. @throws SavedModelError `INVALID_ARGUMENT` for one of another copy of the package */
export function isTable(call: string, data: unknown): data is Table {
  if (Table.is(data)) return true;
  const foreign = describeForeign(data);
  if (foreign === undefined || Array.isArray(data)) return false;
  throw new SavedModelError("INVALID_ARGUMENT", `${call}: the data is ${foreign}`, { fix: ONE_COPY });
}

/**
 * Returns the author's name for an input: its key, or the last key of an expression such as `inputs["petal_length"]`.
 */
function authorsName({ key, argument }: CallInput): readonly string[] {
  if (argument === undefined) return [key];
  const [, text] = /\[("(?:[^"\\]|\\.)*")\]$/.exec(argument) ?? [];
  return text === undefined ? [] : [String(JSON.parse(text))];
}

function requireColumns(call: string, matches: readonly Match[], table: Table): void {
  const used = new Set(matches.flatMap(({ found }) => found));
  const unused = [...table.columns.keys()].filter((column) => !used.has(column));
  const lacking = matches.filter(({ found }) => found.length === 0);
  const missing = lacking.filter(({ input }) => input.optional !== true);
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name);
    const meant = missing.flatMap(({ name }) => nearest(name, unused) ?? []);
    const what = `the table has no ${names.length === 1 ? "column" : "columns"} ${listSome(names)}`;
    const known = `Its columns: ${listSome([...table.columns.keys()]) || "none"}.`;
    const [first] = meant;
    throw new SavedModelError("MISSING_INPUT", `${call}: ${what}`, {
      fix: first === undefined ? known : `${known} ${didYouMean(first)}`,
    });
  }
  // A misspelt column would leave its input at the default.
  for (const { name } of lacking) {
    const meant = nearest(name, unused);
    if (meant === undefined) continue;
    throw new SavedModelError(
      "UNKNOWN_INPUT",
      `${call}: the table has a column ${quote(meant)}, but no ${quote(name)}`,
      {
        fix: `Rename it, or pass the inputs as an object, with or without ${quote(name)}.`,
      },
    );
  }
}

/** Returns a column as a tensor with the rank of its input. */
function columnOf(call: string, input: CallInput, name: string, table: Table, column: string): Tensor {
  const { dtype, shape } = input;
  const isSingle = shape !== null && shape.length > 0 && shape.slice(1).every((size) => size === null || size === 1);
  if (isComposite(input) || !isSingle || !isDType(dtype)) {
    const what = isComposite(input) ? `a ${input.encoding} tensor` : `of shape ${formatShape(shape)}`;
    const message = `${call}: input ${quote(name)} is ${what}, which a column of a table cannot be`;
    throw new SavedModelError("INVALID_ARGUMENT", message, { fix: columnAdvice(name, column) });
  }
  const tensor = table.tensor(dtype, column);
  return Tensor.own<typeof dtype, number[]>(
    dtype,
    [table.rows, ...shape.slice(1).map(() => 1)],
    Tensor.elementsOf(tensor),
  );
}

function isScalar({ shape, encoding }: CallInput): boolean {
  return shape?.length === 0 && encoding === undefined;
}

function columnAdvice(name: string, column: string): string {
  return objectAdvice(`${quote(name)}: table.tensor("float32", ${quote(column)})`);
}

function objectAdvice(property: string): string {
  return `Pass an object of columns by the names of the inputs: \`{ ${property}, … }\`.`;
}
