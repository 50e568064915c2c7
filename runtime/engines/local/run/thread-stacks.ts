import { loadKoffi, STACK_BYTES } from "../library/koffi.js";

/** Returns true if worker threads have stacks that TensorFlow can run on. */
export function hasLargeStacks(): boolean {
  return (loadKoffi().config().async_stack_size ?? 0) >= STACK_BYTES;
}

/** The same serialized `RunOptions`, for a run whose operations have to run in TensorFlow's own threads. */
export function inOwnThreads(runOptions: Uint8Array): Uint8Array {
  // inter_op_thread_pool (tensorflow/core/protobuf/config.proto): the first pool. Of a field, the last value counts.
  return Buffer.concat([runOptions, Uint8Array.of(3 << 3, 0)]);
}
