import type { Fault } from "./fault.js";

const FAULTS = "test/runtime/engines/remote/faults.test.ts";
const WIRE = "test/runtime/engines/remote/wire.test.ts";
const GOLDENS = "test/runtime/engines/remote/goldens.test.ts";
const DEADLINE = "test/runtime/queue/deadline.test.ts";

/** Faults in engines on servers, and in deadlines. */
export const faults: readonly Fault[] = [
  {
    id: "remote-repeats-everything",
    file: "runtime/engines/remote/server-pool.ts",
    find: "error.isUnsent || (limits.mayRepeat === true && isTemporary(error))",
    replace: "error.isUnsent || isTemporary(error)",
    effect: "A training step whose answer was lost is run twice.",
    tests: [FAULTS],
  },
  {
    id: "remote-never-repeats",
    file: "runtime/engines/remote/server-pool.ts",
    find: "if (!mayRepeat || number > this.#retries || limits.signal?.aborted) throw error;",
    replace: "throw error;",
    effect: "Calls fail while another replica could answer them.",
    tests: [FAULTS],
  },
  {
    id: "remote-one-replica",
    file: "runtime/engines/remote/server-pool.ts",
    find: "this.#next = (this.#next + 1) % count;",
    replace: "this.#next = 0 * count;",
    effect: "Sequential calls all go to the first replica.",
    tests: [FAULTS],
  },
  {
    id: "remote-grpc-not-canceled",
    file: "runtime/engines/remote/grpc-server.ts",
    find: "const onAbort = (): void => call.cancel();",
    replace: "const onAbort = (): void => {};",
    effect: "A server goes on with calls that nobody waits for.",
    tests: [FAULTS],
  },
  {
    id: "remote-http-not-canceled",
    file: "runtime/engines/remote/http-server.ts",
    find: "...(signal === undefined ? {} : { signal }),",
    replace: "",
    effect: "A server goes on with calls that nobody waits for.",
    tests: [FAULTS],
  },
  {
    id: "remote-shape-unchecked",
    file: "runtime/engines/remote/remote-engine.ts",
    find: "isShape(shape) && matchesShape(shape, output.shape) && sizeOf",
    replace: "isShape(shape) && sizeOf",
    effect: "A result of another shape than the signature's is returned.",
    tests: [FAULTS],
  },
  {
    id: "remote-nan-in-json",
    file: "runtime/engines/remote/json-elements.ts",
    find: 'if (typeof element === "number" && !Number.isFinite(element)) throw notInJson(input, element, call);',
    replace: "",
    effect: "A request is not JSON, or a server takes NaN for something else.",
    tests: [WIRE],
  },
  {
    id: "remote-rounded-integers",
    file: "runtime/engines/remote/exact-json.ts",
    find: "return number.length > 15 && /^-?\\d+$/.test(number) && !Number.isSafeInteger(Number(number));",
    replace: "return false;",
    effect: "64-bit integers of answers in JSON are rounded.",
    tests: [WIRE],
  },
  {
    id: "remote-outputs-by-index",
    file: "runtime/engines/kserve/kserve-values.ts",
    find: "const index = received.findIndex(({ name }) => name === key);",
    replace: "const index = received.length - 1;",
    effect: "Outputs that a server returns in another order are confused.",
    tests: [GOLDENS],
  },
  {
    id: "remote-scalars-as-vectors",
    file: "runtime/engines/kserve/kserve-values.ts",
    find: "return shape?.length === 0 && isScalarLike(value.shape) ? { ...value, shape: [] } : value;",
    replace: "return value;",
    effect: "A scalar of Triton is rejected.",
    tests: [WIRE],
  },
  {
    id: "remote-last-element-not-repeated",
    file: "runtime/engines/remote/tensor-proto.ts",
    find: "const at = index < listed.length ? index : listed.length - parts + (index % parts);",
    replace: "const at = index % listed.length;",
    effect: "Tensors of equal elements, which TensorFlow Serving shortens, have others.",
    tests: [WIRE],
  },
  {
    id: "remote-deadline-ignored-in-queue",
    file: "runtime/queue/deadline.ts",
    find: "start({ signal: controller.signal, deadline:",
    replace: "start({ signal, deadline:",
    effect: "A call of a loaded model, or one that waits, has no deadline.",
    tests: [DEADLINE],
  },
];
