// Writes the operations that the installed TensorFlow has to known-ops.ts. Run by `npm run ops` after `npm run build`.
import { writeFileSync } from "node:fs";
import koffi from "koffi";
import protobuf from "protobufjs";
import { openLibrary } from "../dist/runtime/library/open.js";

const library = openLibrary();
const buffer = library.find("TF_GetAllOpList").func("TF_GetAllOpList", "void *", [])();
// struct TF_Buffer { const void *data; size_t length; … }
const bytes = Buffer.from(koffi.view(koffi.decode(buffer, "void *"), Number(koffi.decode(buffer, 8, "size_t"))));
const { root } = protobuf.parse(
  "syntax = 'proto3'; message Op { string name = 1; } message Ops { repeated Op op = 1; }",
);
const names = root
  .lookupType("Ops")
  .decode(bytes)
  .op.map(({ name }) => name);

const lines = [""];
for (const name of [...new Set(names)].sort()) {
  if (lines.at(-1).length + name.length > 115) lines.push("");
  lines[lines.length - 1] += `${name} `;
}
writeFileSync(
  new URL("known-ops.ts", import.meta.url),
  `// The operations of TensorFlow ${library.version}, written by \`npm run ops\`. Do not edit.
export const KNOWN_OPS: ReadonlySet<string> = new Set(
  \`
${lines.map((line) => line.trimEnd()).join("\n")}
\`
    .trim()
    .split(/\\s+/),
);
`,
);
