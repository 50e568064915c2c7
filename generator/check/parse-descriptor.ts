import { ts } from "ts-morph";
import { isRecord } from "../../runtime/base/is-record.js";
import type { ModelSpec } from "../../runtime/saved-model/model-spec.js";

/**
 * Returns the descriptor in a generated client. The code is parsed and never run. Undefined if none is readable:
 * in an index, or after a manual edit.
 */
export function readDescriptor(text: string): ModelSpec | undefined {
  const source = ts.createSourceFile("client.ts", text, ts.ScriptTarget.ES2023);
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (!ts.isIdentifier(name) || name.text !== "descriptor" || initializer === undefined) continue;
      const value = literal(initializer);
      return isDescriptor(value) ? value : undefined;
    }
  }
  return undefined;
}

/** Returns the value of a literal; undefined for all other code. */
function literal(node: ts.Expression): unknown {
  if (ts.isStringLiteral(node)) return node.text;
  if (ts.isNumericLiteral(node)) return Number(node.text);
  if (ts.isArrayLiteralExpression(node)) return node.elements.map(literal);
  if (ts.isObjectLiteralExpression(node)) return Object.fromEntries(node.properties.flatMap(entry));
  if (node.kind === ts.SyntaxKind.TrueKeyword) return true;
  if (node.kind === ts.SyntaxKind.NullKeyword) return null;
  return undefined;
}

function entry(property: ts.ObjectLiteralElementLike): readonly (readonly [string, unknown])[] {
  if (!ts.isPropertyAssignment(property) || !(ts.isIdentifier(property.name) || ts.isStringLiteral(property.name)))
    return [];
  return [[property.name.text, literal(property.initializer)]];
}

function isDescriptor(value: unknown): value is ModelSpec {
  return (
    isRecord(value) &&
    typeof value.name === "string" &&
    isList(value.signatures, (signature) => isList(signature.inputs, isTensor) && isList(signature.outputs, isTensor))
  );
}

function isTensor({ dtype, shape, parts }: Readonly<Record<string, unknown>>): boolean {
  const isShape = shape === null || (Array.isArray(shape) && shape.every((size) => size === null || isNumber(size)));
  return typeof dtype === "string" && isShape && (parts === undefined || isList(parts, isTensor));
}

/** Returns true for an array of objects whose keys pass the test. */
function isList(value: unknown, test: (item: Readonly<Record<string, unknown>>) => boolean): boolean {
  return Array.isArray(value) && value.every((item) => isRecord(item) && typeof item.key === "string" && test(item));
}

function isNumber(value: unknown): boolean {
  return typeof value === "number";
}
