import { SavedModelError } from "../../base/errors.js";
import type { Method } from "../../client/methods.js";
import { seedAfter, seededRandom, shuffledIndices } from "../../data/random.js";
import { describe } from "../../tensor/check-value.js";
import { elementCount, type ShapeSpec } from "../../tensor/shape.js";
import { Tensor } from "../../tensor/tensor.js";
import { prepareRows } from "./columns.js";
import { isTable, tableColumns } from "./table-columns.js";

/** The arguments of one call. */
export interface Batch {
  readonly values: readonly unknown[];
  /** Without those that fill it up. */
  readonly rows: number;
  /** Number of times that its last row is repeated at its end. */
  readonly filled: number;
  /** True if the rows were counted; otherwise it counts as one row. */
  readonly isCounted: boolean;
}

/** Source of the batches of each epoch. */
export interface BatchSource {
  /** The steps and rows of an epoch, where they are known. */
  readonly steps: number | undefined;
  readonly rows: number | undefined;
  /** The rows of a batch, where they are known. */
  readonly batchSize: number | undefined;
  /** Number of rows that are missing in the last batch, where it is filled up. */
  readonly filled: number;
  /** Notes for readers of the results. */
  readonly notes: readonly string[];
  /** Begins an epoch, or continues one after its first batches. The batches depend on nothing else. */
  epoch(start: EpochStart): Iterator<Batch> | AsyncIterator<Batch>;
}

/** Position that batches are taken from. */
interface EpochStart {
  /** Number of the epoch, starting at 1. */
  readonly epoch: number;
  /** The number of the next step, over all epochs. */
  readonly step: number;
  /** Number of batches of the epoch that are skipped. */
  readonly skipped: number;
}

/** Options for cutting columns into batches. */
export interface BatchOptions {
  readonly batchSize: number | undefined;
  /** The seed of the order of rows; they stay in their own order without one. */
  readonly seed: number | undefined;
  /**
   * Treatment of rows that do not make a whole batch, where the signature fixes its size: they are omitted (the
   * default), the batch is filled up with the last of them, or they are an error.
   */
  readonly remainder?: "omit" | "fill" | "reject";
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
  if (isTable(name, data)) return columnSource(name, method, tableColumns(name, method, data), options);
  if (Tensor.is(data) || ArrayBuffer.isView(data)) {
    const { length } = method.inputs;
    const message = `${name}: data must be an array of columns, one for each input, got ${describe(data)}`;
    throw new SavedModelError("INVALID_DATA", message, length === 1 ? { fix: "Pass [x] instead of x." } : {});
  }
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

/** Returns the columns of an object by the names of the inputs, in argument order; undefined for all other data. */
function columnsByName(name: string, { named }: Method, data: unknown): readonly unknown[] | undefined {
  if (named?.is(data) !== true || isIterable(data) || isAsyncIterable(data)) return undefined;
  return named.valuesOf(data, name, "column");
}

function columnSource(
  name: string,
  { inputs }: Method,
  columns: readonly unknown[],
  { batchSize, seed, remainder = "omit" }: BatchOptions,
): BatchSource {
  const { count, fixedBatch, batch } = adviseBatches(inputs, columns, () => prepareRows(name, inputs, columns));
  if (fixedBatch !== undefined && batchSize !== undefined && batchSize !== fixedBatch) {
    const message = `${name}: batchSize is ${batchSize}, but the signature takes ${fixedBatch} at a time`;
    throw new SavedModelError("INVALID_OPTION", message);
  }
  const size = fixedBatch ?? batchSize ?? DEFAULT_BATCH;
  const rest = fixedBatch === undefined ? 0 : count % fixedBatch;
  const filled = remainder === "fill" && rest > 0 ? size - rest : 0;
  const rows = remainder === "fill" ? count : count - rest;
  if (remainder === "reject" && rest > 0) {
    const message = `${name}: ${count} rows are not a multiple of ${size}, and the signature takes ${size} at a time`;
    throw new SavedModelError("INVALID_DATA", message, {
      fix: `Pass ${rows > 0 ? `${rows} or ` : ""}${rows + size} rows, or export the signature for any number of rows.`,
    });
  }
  if (rows === 0) {
    throw new SavedModelError("INVALID_DATA", `${name}: ${count} rows are too few for a batch of ${size}`);
  }
  // An invalid seed is rejected before the first step.
  if (seed !== undefined) seededRandom(seed);
  return {
    steps: Math.ceil(rows / size),
    rows,
    batchSize: size,
    filled,
    notes:
      rest === 0 || remainder === "fill"
        ? []
        : [`${rest} of ${count} rows are omitted from each epoch: ${name} takes ${size} at a time`],
    *epoch({ epoch, step: first, skipped }) {
      const order = seed === undefined ? undefined : orderOf(epoch, count, seed);
      for (let from = skipped * size, step = first; from < rows; from += size, step++) {
        const to = Math.min(rows, from + size);
        const rest = to < from + size ? filled : 0;
        const values = rest > 0 ? batch(step, 0, size, repeatedLast(from, to, size)) : batch(step, from, to, order);
        yield { values, rows: to - from, filled: rest, isCounted: true };
      }
    },
  };
}

/** Returns the order of rows in an epoch: one generator of the seed shuffles all epochs, one after the other. */
function orderOf(epoch: number, count: number, seed: number): Uint32Array {
  const drawn = Math.imul(epoch - 1, count - 1);
  return shuffledIndices(count, seededRandom(seedAfter(seed, drawn)));
}

/** Returns the rows of a batch that is filled up with its last one. */
function repeatedLast(from: number, to: number, size: number): Uint32Array {
  return Uint32Array.from({ length: size }, (_, index) => Math.min(from + index, to - 1));
}

/**
 * Rejects columns that do not fit; where they look like an array of batches, the message explains what an array means.
 */
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
  const begin = (epoch: number): unknown =>
    typeof data === "function" ? (data as (epoch: number) => unknown)(epoch) : data;
  const shape = inputs.find((input) => input.shape?.length !== 0)?.shape ?? null;
  const place = inputs.findIndex((input) => input.shape?.length !== 0);
  const check = (values: unknown): Batch => {
    const inOrder: unknown = named?.is(values) === true ? named.valuesOf(values, name) : values;
    if (!Array.isArray(inOrder)) {
      throw new SavedModelError("INVALID_DATA", `${name}: a batch must be an array of the arguments of one call`);
    }
    const rows = rowsOf(inOrder[place], shape);
    return { values: inOrder, rows: rows ?? 1, filled: 0, isCounted: rows !== undefined };
  };
  return {
    steps: undefined,
    rows: undefined,
    batchSize: undefined,
    filled: 0,
    notes: [],
    epoch: ({ epoch, skipped }) => {
      const batches = begin(epoch);
      const take = new Skipping(name, skipped, check);
      if (isAsyncIterable(batches)) return mapAsync(batches, take);
      if (isIterable(batches)) return mapped(batches, take);
      throw new SavedModelError(
        "INVALID_DATA",
        `${name}: data must be columns, an array with one for each input, or batches, from a function or a generator`,
      );
    },
  };
}

/** Skips the first batches of an epoch, whose steps were made before the training was resumed. */
class Skipping {
  readonly #name: string;
  readonly #check: (values: unknown) => Batch;
  #left: number;

  constructor(name: string, count: number, check: (values: unknown) => Batch) {
    this.#name = name;
    this.#check = check;
    this.#left = count;
  }

  /** Returns the next batch; undefined for one that is omitted. */
  next(values: unknown): Batch | undefined {
    if (this.#left === 0) return this.#check(values);
    this.#left--;
    return undefined;
  }

  /** @throws SavedModelError `RESTORE_FAILED` when there are fewer batches than finished steps */
  end(): void {
    if (this.#left === 0) return;
    throw new SavedModelError(
      "RESTORE_FAILED",
      `${this.#name}: the batches end ${this.#left} before the step at which the training is to be resumed`,
      { fix: "Pass a function that starts with the same batches again." },
    );
  }
}

function* mapped(batches: Iterable<unknown>, take: Skipping): Generator<Batch> {
  for (const values of batches) {
    const batch = take.next(values);
    if (batch !== undefined) yield batch;
  }
  take.end();
}

async function* mapAsync(batches: AsyncIterable<unknown>, take: Skipping): AsyncGenerator<Batch> {
  for await (const values of batches) {
    const batch = take.next(values);
    if (batch !== undefined) yield batch;
  }
  take.end();
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.iterator in value;
}

/** Returns the number of rows of a value; undefined where it is unknown. The call itself reports invalid values. */
function rowsOf(value: unknown, shape: ShapeSpec): number | undefined {
  // Tensors of any kind, and the parts of a sparse one.
  if (typeof value === "object" && value !== null && "shape" in value && Array.isArray(value.shape)) {
    const [rows] = value.shape as readonly unknown[];
    return typeof rows === "number" ? rows : undefined;
  }
  if (Array.isArray(value)) return value.length;
  const row = shape?.slice(1) ?? [];
  if (!ArrayBuffer.isView(value) || !("length" in value) || row.includes(null)) return undefined;
  return Number(value.length) / Math.max(1, elementCount(row.map((size) => size ?? 1)));
}
