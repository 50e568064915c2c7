import { type GraphIndex, nodeOf, producerOf } from "../../../saved-model/graph/graph.js";
import { decode, type Message } from "../../../saved-model/proto/decode.js";

/** The operations that give a variable or a table its value, whatever it was before; it is their first input. */
const ASSIGNING: ReadonlySet<string> = new Set([
  "Assign",
  "AssignVariableOp",
  "InitializeTable",
  "InitializeTableFromTextFile",
  "InitializeTableFromTextFileV2",
  "InitializeTableV2",
  "LookupTableImport",
  "LookupTableImportV2",
]);

/** Returns true if one of these nodes of the main graph, or a function that it calls, assigns a value to a resource. */
export function assigns(graph: GraphIndex, nodes: Iterable<string>, resource: string): boolean {
  for (const name of nodes) {
    const { op, input } = graph.edges(name) ?? { op: "", input: [] };
    const place = input.findIndex((each) => nodeOf(each) === resource);
    if (place < 0) continue;
    if (place === 0 && ASSIGNING.has(op)) return true;
    const node = graph.node(name);
    if (node !== undefined && functionsAssign(graph, calls(graph, node, place))) return true;
  }
  return false;
}

/** An argument of a function. */
interface Argument {
  readonly function: string;
  readonly index: number;
}

/** Returns true if a function assigns to an argument, or passes it to one that does. */
function functionsAssign(graph: GraphIndex, first: readonly Argument[]): boolean {
  const pending = [...first];
  const seen = new Set<string>();
  for (let argument = pending.pop(); argument !== undefined; argument = pending.pop()) {
    const key = `${argument.index} ${argument.function}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const body = graph.function(argument.function);
    const name = body?.signature?.inputArg[argument.index]?.name;
    if (body === undefined || name === undefined) continue;
    for (const node of body.nodeDef) {
      const place = node.input.findIndex((input) => producerOf(input) === name);
      if (place < 0) continue;
      if (place === 0 && ASSIGNING.has(node.op)) return true;
      pending.push(...calls(graph, node, place));
    }
  }
  return false;
}

/** Returns the functions that a node passes one of its inputs to: a call all inputs, a choice all but the first. */
function calls(graph: GraphIndex, node: Message<"NodeDef">, place: number): readonly Argument[] {
  const inputs = node.input.filter((input) => !input.startsWith("^")).length;
  return node.attr.flatMap(({ value }) => {
    const { func, list } = decode("AttrValue", value);
    return [...(func === null ? [] : [func]), ...(list?.func ?? [])].flatMap(({ name }) => {
      const count = graph.function(name)?.signature?.inputArg.length;
      return count === undefined ? [] : [{ function: name, index: place - (inputs - count) }];
    });
  });
}
