// Writes the operations that the installed TensorFlow has to known-ops.ts. Run by `npm run ops`.
import { writeFileSync } from "node:fs";
import koffi from "koffi";
import protobuf from "protobufjs";
import { openLibrary } from "../runtime/library/open.ts";

const library = openLibrary();
const buffer = library.find("TF_GetAllOpList").func("TF_GetAllOpList", "void *", [])();
// struct TF_Buffer { const void *data; size_t length; … }
const bytes = Buffer.from(koffi.view(koffi.decode(buffer, "void *"), Number(koffi.decode(buffer, 8, "size_t"))));
const { root } = protobuf.parse(
  `syntax = 'proto3'; message Arg { bool is_ref = 16; } message Ops { repeated Op op = 1; }
   message Op { string name = 1; repeated Arg input_arg = 2; bool is_stateful = 17; }`,
);
const { op: operations } = root.lookupType("Ops").decode(bytes);
// The same rule as in runtime/effects.ts.
const stateful = operations.filter(({ isStateful, inputArg }) => isStateful || inputArg.some(({ isRef }) => isRef));

function setOf(operations) {
  const lines = [""];
  for (const name of [...new Set(operations.map(({ name }) => name))].sort()) {
    if (lines.at(-1).length + name.length > 115) lines.push("");
    lines[lines.length - 1] += `${name} `;
  }
  return `new Set(
  \`
${lines.map((line) => line.trimEnd()).join("\n")}
\`
    .trim()
    .split(/\\s+/),
)`;
}

writeFileSync(
  new URL("known-ops.ts", import.meta.url),
  `// The operations of TensorFlow ${library.version}, written by \`npm run ops\`. Do not edit.
export const KNOWN_OPS: ReadonlySet<string> = ${setOf(operations)};

/** Those of them that are stateful, or take references. */
export const STATEFUL_OPS: ReadonlySet<string> = ${setOf(stateful)};
`,
);
