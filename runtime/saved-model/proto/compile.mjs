// Compiles saved_model.proto, and the protocols of servers, into TypeScript, so that no .proto parser is needed at run time.
// Run by `npm run proto`.
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import protobuf from "protobufjs";

for (const [file, target, constant] of [
  ["saved_model.proto", "schema.ts", "schema"],
  ["../../engines/cluster/master.proto", "../../engines/cluster/master-schema.ts", "masterSchema"],
  ["../../engines/kserve/inference.proto", "../../engines/kserve/inference-schema.ts", "inferenceSchema"],
  ["../../engines/serving/prediction.proto", "../../engines/serving/prediction-schema.ts", "predictionSchema"],
]) {
  compile(readFileSync(new URL(file, import.meta.url), "utf8"), file, target, constant);
}

function compile(source, file, target, constant) {
  const messages = protobuf.parse(source).root.toJSON().nested;

  // The messages that a field of bytes holds, which a comment names: the text format spells them out.
  const held = new Map();
  let message = "";
  for (const line of source.split("\n")) {
    message = /^message (\w+) \{/.exec(line)?.[1] ?? message;
    const [, field, names] = /^ {2}.*\bbytes (\w+) = \d+; \/\/ ([A-Z]\w*(?:, [A-Z]\w*)*)$/.exec(line) ?? [];
    if (field !== undefined) held.set(`${message}.${field}`, names.split(", "));
  }

  const lines = Object.entries(messages).map(([name, { fields, oneofs }]) => {
    const body = Object.entries(fields).map(([field, spec]) => {
      const holds = held.get(`${name}.${spec.protoName ?? field}`);
      const properties = Object.entries({ ...spec, ...(holds && { holds }) }).map(
        ([key, value]) => `${key}: ${JSON.stringify(value)}`,
      );
      return `      ${field}: { ${properties.join(", ")} },\n`;
    });
    // Optional scalars, each in its own group: only those are written where they are zero or empty.
    const groups = Object.entries(oneofs ?? {}).map(([group, { oneof }]) => {
      // protobufjs has a mutable array in its type.
      return `      ${group}: { oneof: ${JSON.stringify(oneof)} as string[] },\n`;
    });
    const presence = groups.length === 0 ? "" : `    oneofs: {\n${groups.join("")}    },\n`;
    return `  ${name}: {\n    fields: {\n${body.join("")}    },\n${presence}  },\n`;
  });

  writeFileSync(
    new URL(target, import.meta.url),
    `// Compiled from ${basename(file)} by \`npm run proto\`. Do not edit.
export const ${constant} = {
${lines.join("")}} as const;
`,
  );
}
