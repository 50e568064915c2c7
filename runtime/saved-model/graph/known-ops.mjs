// Writes the operations that the installed TensorFlow has to known-ops.ts. Run by `npm run ops`.
import { writeFileSync } from "node:fs";
import koffi from "koffi";
import protobuf from "protobufjs";
import { openLibrary } from "../../engines/local/library/open-library.ts";

const library = openLibrary();
const opList = library.find("TF_GetAllOpList").func("TF_GetAllOpList", "void *", [])();
const status = library.find("TF_NewStatus").func("TF_NewStatus", "void *", [])();
const kernelList = library.find("TF_GetAllRegisteredKernels").func("TF_GetAllRegisteredKernels", "void *", ["void *"])(
  status,
);
const { root } = protobuf.parse(
  `syntax = 'proto3'; message Arg { bool is_ref = 16; } message Ops { repeated Op op = 1; }
   message Op { string name = 1; repeated Arg input_arg = 2; bool is_stateful = 17; }
   message Kernel { string op = 1; string device_type = 2; } message Kernels { repeated Kernel kernel = 1; }`,
);
const { op: operations } = decoded("Ops", opList);
// The same rule as in runtime/saved-model/effects/write-effects.ts.
const stateful = operations.filter(({ isStateful, inputArg }) => isStateful || inputArg.some(({ isRef }) => isRef));

const onCpu = new Set(
  decoded("Kernels", kernelList)
    .kernel.filter(({ deviceType }) => deviceType === "CPU" || deviceType === "DEFAULT")
    .map(({ op }) => op),
);
// TensorFlow replaces these before a graph runs: by other operations, or by other implementations of the same layer.
const isReplaced = (name) => /^(CudnnRNN|AccumulateNV2$|MlirPassthroughOp$)/.test(name);
const lacking = operations.filter(({ name }) => !name.startsWith("_") && !onCpu.has(name) && !isReplaced(name));

/** Returns the message in a `struct TF_Buffer { const void *data; size_t length; … }`. */
function decoded(type, buffer) {
  const bytes = koffi.view(koffi.decode(buffer, "void *"), Number(koffi.decode(buffer, 8, "size_t")));
  return root.lookupType(type).decode(Buffer.from(bytes));
}

/** Returns the names as lines of a template literal. */
function lines(operations) {
  const made = [""];
  for (const name of [...new Set(operations.map(({ name }) => name))].sort()) {
    if (made.at(-1).length + name.length > 115) made.push("");
    made[made.length - 1] += `${name} `;
  }
  return made.map((line) => line.trimEnd()).join("\n");
}

writeFileSync(
  new URL("known-ops.ts", import.meta.url),
  `// The operations of TensorFlow ${library.version}, written by \`npm run ops\`. Do not edit.
export const KNOWN_OPS: ReadonlySet<string> = setOf(\`
${lines(operations)}
\`);

/** Those of them that are stateful, or take references. */
export const STATEFUL_OPS: ReadonlySet<string> = setOf(\`
${lines(stateful)}
\`);

/** Those of them that have no kernel on a CPU. */
export const OPS_WITHOUT_KERNEL: ReadonlySet<string> = setOf(\`
${lines(lacking)}
\`);

function setOf(names: string): ReadonlySet<string> {
  return new Set(names.trim().split(/\\s+/));
}
`,
);
