import { SavedModelError } from "../base/errors.js";
import { printable, quote } from "../base/text.js";
import { isComposite } from "../call/composite-call.js";
import type { BoundMethod } from "../client/bound-methods.js";
import { asResult, type Method } from "../client/methods.js";
import { batchSource } from "./batches/batches.js";
import { Turns } from "./batches/event-loop-yield.js";
import { JoinedRows } from "./batches/joined-rows.js";
import { runPass } from "./batches/run-batch.js";
import { type PassOptions, stopsBy } from "./options/pass-options.js";

const CALL = "predict()";

/** Calls a signature with batch after batch of the data, and joins its results. The options were checked. */
export async function predictRows(bound: BoundMethod, data: unknown, options: PassOptions): Promise<unknown> {
  const { batchSize, signal, worker = false } = options;
  const name = `${printable(bound.key)}()`;
  const method = bound.calls.method(bound.key);
  requireRows(name, method);
  const source = batchSource(name, method, data, { batchSize, seed: undefined, remainder: "fill" });
  if (source.filled > 0 && bound.calls.prepare(bound.key, method).writes) {
    throw new SavedModelError(
      "INVALID_DATA",
      `${name} takes ${source.batchSize} rows at a time and may change variables, so its last batch cannot be padded: ` +
        `${source.filled} rows are missing`,
      { fix: `Pass a multiple of ${source.batchSize} rows.` },
    );
  }
  const joined = method.outputs.map(({ key }) => new JoinedRows(`${name}: output ${quote(key)}`, source.rows));
  const pass = { bound, method, source, form: "tensors", worker, turns: new Turns() } as const;
  await runPass({ ...pass, requireGo: stopsBy(CALL, signal) }, (results, batch) => {
    for (const [index, rows] of joined.entries()) rows.add(results[index], batch);
  });
  if (joined.some(({ isEmpty }) => isEmpty)) throw new SavedModelError("INVALID_DATA", `${name}: there was no batch`);
  const results = joined.map((rows) => rows.take());
  return asResult(method, results);
}

/** @throws SavedModelError `SIGNATURE_UNSUPPORTED` when an output has one value per batch, not per row */
function requireRows(name: string, { outputs }: Method): void {
  if (outputs.length === 0) throw new SavedModelError("SIGNATURE_UNSUPPORTED", `${CALL}: ${name} has no outputs`);
  const scalar = outputs.find((output) => !isComposite(output) && output.shape?.length === 0);
  if (scalar === undefined) return;
  throw new SavedModelError(
    "SIGNATURE_UNSUPPORTED",
    `${CALL}: ${name} does not predict row by row: its output ${quote(scalar.key)} is a scalar`,
    { fix: "Metrics are for `evaluate()`; call the signature itself for anything else." },
  );
}
