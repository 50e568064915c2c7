import { seededRandom, shuffledIndices } from "../data/random.js";
import { SavedModelError } from "../errors.js";
import type { Method } from "../methods.js";
import { elementCount, type ShapeSpec } from "../shape.js";
import { prepareRows } from "./columns.js";

/** The arguments of one call. */
export interface Batch {
  readonly values: readonly unknown[];
  readonly rows: number;
}

/** Where the batches of each epoch come from. */
export interface BatchSource {
  /** The steps and rows of an epoch, where they are known. */
  readonly steps: number | undefined;
  readonly rows: number | undefined;
  /** What a reader of the results should know. */
  readonly notes: readonly string[];
  /** Begins an epoch; the first step of it is given. */
  epoch(firstStep: number): Iterator<Batch> | AsyncIterator<Batch>;
}

/** How columns are cut into batches. */
export interface BatchOptions {
  readonly batchSize: number | undefined;
  /** The seed of the order of rows; they stay in their own order without one. */
  readonly seed: number | undefined;
}

/** Like Keras. */
const DEFAULT_BATCH = 32;

const ARRAY_ADVICE =
  "An array has a column for each input; batches come from a function or a generator, such as () => batches.";

/**
 * @param name of the signature, for messages
 * @throws SavedModelError `INVALID_DATA`, `INVALID_OPTION`, and the codes of a call's inputs
 */
export function batchSource(name: string, method: Method, data: unknown, options: BatchOptions): BatchSource {
  if (Array.isArray(data)) return columnSource(name, method, data, options);
  const columns = columnsByName(name, method, data);
  if (columns !== undefined) return columnSource(name, method, columns, options);
  if (options.batchSize !== undefined || options.seed !== undefined) {
    throw new SavedModelError(
      "INVALID_OPTION",
      `${name}: batchSize and shuffle are for columns; batches are as they come`,
    );
  }
  return iterableSource(name, method, data);
}

/** The columns of an object by the names of the inputs, in argument order; undefined for all other data. */
function columnsByName(name: string, { named }: Method, data: unknown): readonly unknown[] | undefined {
  if (named?.is(data) !== true || isIterable(data) || isAsyncIterable(data)) return undefined;
  return named.valuesOf(data, name);
}

function columnSource(
  name: string,
  { inputs }: Method,
  columns: readonly unknown[],
  { batchSize, seed }: BatchOptions,
): BatchSource {
  const { count, fixedBatch, batch } = adviseBatches(inputs, columns, () => prepareRows(name, inputs, columns));
  if (fixedBatch !== undefined && batchSize !== undefined && batchSize !== fixedBatch) {
    const message = `${name}: batchSize is ${batchSize}, but the signature takes ${fixedBatch} at a time`;
    throw new SavedModelError("INVALID_OPTION", message);
  }
  const size = fixedBatch ?? batchSize ?? DEFAULT_BATCH;
  const rest = fixedBatch === undefined ? 0 : count % fixedBatch;
  const rows = count - rest;
  if (rows === 0) {
    throw new SavedModelError("INVALID_DATA", `${name}: ${count} rows do not make one batch of ${size}`);
  }
  const random = seed === undefined ? undefined : seededRandom(seed);
  return {
    steps: Math.ceil(rows / size),
    rows,
    notes: rest === 0 ? [] : [`${rest} of ${count} rows are left out of each epoch: ${name} takes ${size} at a time`],
    *epoch(firstStep) {
      const order = random && shuffledIndices(count, random);
      for (let from = 0, step = firstStep; from < rows; from += size, step++) {
        const to = Math.min(rows, from + size);
        yield { values: batch(step, from, to, order), rows: to - from };
      }
    },
  };
}

/** Columns that do not fit, and look like an array of batches, are refused with a word about what an array means. */
function adviseBatches<T>(inputs: Method["inputs"], columns: readonly unknown[], prepare: () => T): T {
  try {
    return prepare();
  } catch (error) {
    const least = inputs.filter(({ optional }) => optional !== true).length;
    const isBatch = (column: unknown): boolean =>
      Array.isArray(column) && column.length >= least && column.length <= inputs.length;
    if (columns.length === 0 || !columns.every(isBatch) || !(error instanceof SavedModelError)) throw error;
    const { code, rawMessage, fix, cause } = error;
    throw new SavedModelError(code, rawMessage, { fix: fix ? `${fix} ${ARRAY_ADVICE}` : ARRAY_ADVICE, cause });
  }
}

function iterableSource(name: string, { inputs, named }: Method, data: unknown): BatchSource {
  const begin = (): unknown => (typeof data === "function" ? (data as () => unknown)() : data);
  const shape = inputs.find((input) => input.shape?.length !== 0)?.shape ?? null;
  const place = inputs.findIndex((input) => input.shape?.length !== 0);
  const check = (values: unknown): Batch => {
    const inOrder: unknown = named?.is(values) === true ? named.valuesOf(values, name) : values;
    if (!Array.isArray(inOrder)) {
      throw new SavedModelError("INVALID_DATA", `${name}: a batch must be an array of the arguments of one call`);
    }
    return { values: inOrder, rows: rowsOf(inOrder[place], shape) };
  };
  return {
    steps: undefined,
    rows: undefined,
    notes: [],
    epoch: () => {
      const batches = begin();
      if (isAsyncIterable(batches)) return mapAsync(batches, check);
      if (isIterable(batches)) return mapped(batches, check);
      throw new SavedModelError(
        "INVALID_DATA",
        `${name}: data must be columns, an array with one for each input, or batches, from a function or a generator`,
      );
    },
  };
}

function* mapped(batches: Iterable<unknown>, check: (values: unknown) => Batch): Generator<Batch> {
  for (const values of batches) yield check(values);
}

async function* mapAsync(batches: AsyncIterable<unknown>, check: (values: unknown) => Batch): AsyncGenerator<Batch> {
  for await (const values of batches) yield check(values);
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.iterator in value;
}

/** How many rows a value has; one where it cannot be told. What is wrong with it, the call says. */
function rowsOf(value: unknown, shape: ShapeSpec): number {
  // Tensors of any kind, and the parts of a sparse one.
  if (typeof value === "object" && value !== null && "shape" in value && Array.isArray(value.shape)) {
    const [rows] = value.shape as readonly unknown[];
    return typeof rows === "number" ? rows : 1;
  }
  if (Array.isArray(value)) return value.length;
  const row = shape?.slice(1) ?? [];
  if (!ArrayBuffer.isView(value) || !("length" in value) || row.includes(null)) return 1;
  return Number(value.length) / Math.max(1, elementCount(row.map((size) => size ?? 1)));
}
