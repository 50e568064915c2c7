// Compiles saved_model.proto into schema.ts, so that no .proto parser is needed when a model is read.
// Run by `npm run proto`.
import { readFileSync, writeFileSync } from "node:fs";
import protobuf from "protobufjs";

const source = readFileSync(new URL("saved_model.proto", import.meta.url), "utf8");
const messages = protobuf.parse(source).root.toJSON().nested;

const lines = Object.entries(messages).map(([name, { fields }]) => {
  const body = Object.entries(fields).map(([field, spec]) => {
    const properties = Object.entries(spec).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
    return `      ${field}: { ${properties.join(", ")} },\n`;
  });
  return `  ${name}: {\n    fields: {\n${body.join("")}    },\n  },\n`;
});

writeFileSync(
  new URL("schema.ts", import.meta.url),
  `// Compiled from saved_model.proto by \`npm run proto\`. Do not edit.
export const schema = {
${lines.join("")}} as const;
`,
);
