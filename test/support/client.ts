import ts from "typescript";
import { expect } from "vitest";

/** A generated client as a parser sees it. */
export interface ParsedClient {
  /** The names of the statements' kinds. */
  readonly statements: readonly string[];
  /** Those of inputs, outputs and examples. */
  readonly interfaces: readonly ParsedInterface[];
  /** Those of the objects that the functions of a fake client get and return. */
  readonly fakeInterfaces: readonly ParsedInterface[];
  /** The methods of the interface of promises. */
  readonly asyncMethods: readonly ParsedMethod[];
  /** The functions of the interface that a fake client is made of. */
  readonly fakes: readonly ParsedFunction[];
  readonly className: string;
  /** The members of the class after `load`, `connect` and `fake`: for each method one or two overloads and an implementation. */
  readonly methods: readonly ParsedMethod[];
  /** The value of the descriptor, read from the literal. */
  readonly descriptor: unknown;
  /** The names of all tags in doc comments, anywhere in the file. */
  readonly tags: ReadonlySet<string>;
}

interface ParsedInterface {
  readonly name: string;
  readonly properties: readonly string[];
}

interface ParsedFunction {
  readonly name: string;
  readonly parameters: readonly string[];
}

interface ParsedMethod extends ParsedFunction {
  readonly parameterTypes: readonly string[];
  readonly returns: string;
  /** `@param x`, `@returns`, … */
  readonly tags: readonly string[];
  readonly implemented: boolean;
}

/** Parses a generated client; what is not of the planned form fails the test. */
export function parseClient(text: string): ParsedClient {
  const file = ts.createSourceFile("client.ts", text, ts.ScriptTarget.ESNext, true) as ts.SourceFile & {
    parseDiagnostics: readonly ts.Diagnostic[];
  };
  expect(file.parseDiagnostics.map(({ messageText }) => messageText)).toEqual([]);
  const [clientClass] = file.statements.filter(ts.isClassDeclaration);
  const [load, loadAsync, ...others] = (clientClass?.members ?? []).filter(isNoAccessor).map(parseMember);
  expect(load).toMatchObject({ name: "load", tags: ["@param directory", "@param options", "@throws"] });
  expect(loadAsync).toMatchObject({ name: "loadAsync", parameters: ["directory", "options"] });
  const interfaces = file.statements.filter(ts.isInterfaceDeclaration);
  const classEnd = clientClass?.end ?? 0;
  const promises = interfaces.find(({ members }) => members.some(ts.isMethodSignature));
  // No method may have these names.
  const connects = others.filter(({ name }) => name === "connect");
  const connect = {
    parameters: ["engine", "options"],
    tags: ["@param engine", "@param options", "@returns", "@throws"],
    implemented: true,
  };
  expect(connects).toMatchObject(promises === undefined ? [] : [connect]);
  const fakes = others.filter(({ name }) => name === "fake");
  const fake = { parameters: ["methods"], tags: ["@param methods"], implemented: true };
  expect(fakes).toMatchObject(promises === undefined ? [] : [fake]);
  const functions = interfaces.find(({ name }) => name.text === fakes[0]?.parameterTypes[0]);
  expect(functions === undefined).toBe(promises === undefined);
  return {
    statements: file.statements.map(({ kind }) => ts.SyntaxKind[kind]),
    interfaces: interfaces.filter(({ pos }) => pos < classEnd).map(parseInterface),
    fakeInterfaces: interfaces
      .filter((other) => other.pos >= classEnd && other !== promises && other !== functions)
      .map(parseInterface),
    asyncMethods: (promises?.members ?? []).map(parseMember),
    fakes: (functions?.members ?? []).map(parseFunction),
    className: clientClass?.name?.text ?? "",
    methods: others.slice(connects.length + fakes.length),
    descriptor: descriptorOf(file),
    tags: tagsIn(file),
  };
}

/** The class has one accessor, for its methods as promises. */
function isNoAccessor(member: ts.ClassElement): boolean {
  if (!ts.isGetAccessorDeclaration(member)) return true;
  expect(member.name.getText()).toBe("async");
  expect(member.body?.getText().replaceAll(/\s+/g, " ")).toBe("{ return this.asyncMethods(); }");
  return false;
}

function parseMember(member: ts.ClassElement | ts.TypeElement): ParsedMethod {
  if (!ts.isMethodDeclaration(member) && !ts.isMethodSignature(member))
    throw new Error(`a member is a ${ts.SyntaxKind[member.kind]}`);
  return {
    name: identifierOf(member.name),
    parameters: member.parameters.map(({ name }) => identifierOf(name)),
    parameterTypes: member.parameters.map(({ type }) => type?.getText() ?? ""),
    returns: member.type?.getText() ?? "",
    tags: ts
      .getJSDocTags(member)
      .map((tag) => `@${tag.tagName.text}${ts.isJSDocParameterTag(tag) ? ` ${tag.name.getText()}` : ""}`),
    implemented: ts.isMethodDeclaration(member) && member.body !== undefined,
  };
}

function parseFunction(member: ts.TypeElement): ParsedFunction {
  if (!ts.isPropertySignature(member) || member.type === undefined || !ts.isFunctionTypeNode(member.type))
    throw new Error(`a fake is a ${ts.SyntaxKind[member.kind]}`);
  return {
    name: identifierOf(member.name),
    parameters: member.type.parameters.map(({ name }) => identifierOf(name)),
  };
}

function parseInterface({ name, members }: ts.InterfaceDeclaration): ParsedInterface {
  const properties = members.map((member) => {
    if (!ts.isPropertySignature(member)) throw new Error(`an interface has a ${ts.SyntaxKind[member.kind]}`);
    return identifierOf(member.name);
  });
  return { name: name.text, properties };
}

function identifierOf(name: ts.Node): string {
  if (!ts.isIdentifier(name)) throw new Error(`a name is a ${ts.SyntaxKind[name.kind]}`);
  return name.text;
}

function descriptorOf(file: ts.SourceFile): unknown {
  const [statement] = file.statements.filter(ts.isVariableStatement);
  const [declaration] = statement?.declarationList.declarations ?? [];
  expect(declaration?.name.getText()).toBe("descriptor");
  return literalValue(declaration?.initializer);
}

function literalValue(node: ts.Expression | undefined): unknown {
  if (node === undefined) throw new Error("a value is missing");
  if (ts.isStringLiteral(node)) return node.text;
  if (ts.isNumericLiteral(node)) return Number(node.text);
  if (ts.isArrayLiteralExpression(node)) return node.elements.map(literalValue);
  if (node.kind === ts.SyntaxKind.NullKeyword) return null;
  if (node.kind === ts.SyntaxKind.TrueKeyword) return true;
  if (!ts.isObjectLiteralExpression(node)) throw new Error(`the descriptor has a ${ts.SyntaxKind[node.kind]}`);
  return Object.fromEntries(
    node.properties.map((property) => {
      if (!ts.isPropertyAssignment(property)) throw new Error(`it has a ${ts.SyntaxKind[property.kind]}`);
      return [identifierOf(property.name), literalValue(property.initializer)];
    }),
  );
}

function tagsIn(file: ts.SourceFile): ReadonlySet<string> {
  const tags = new Set<string>();
  const visit = (node: ts.Node): void => {
    for (const tag of ts.getJSDocTags(node)) tags.add(tag.tagName.text);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return tags;
}
