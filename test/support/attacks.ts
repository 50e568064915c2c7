import { decode } from "../../runtime/saved-model/proto/decode.js";
import { encodeMessage } from "./saved-model.js";
import { delimited } from "./wire.js";

/** Builds a `saved_model.pb` of about this many bytes. */
export type Attack = (bytes: number) => Uint8Array;

type Fields = Readonly<Record<string, unknown>>;

function bytesOf(text: string): Uint8Array {
  return Buffer.from(text);
}

/** The text of a number, to tell keys apart. */
function id(index: number): string {
  return index.toString(36);
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: Math.max(0, Math.floor(count)) }, (_, index) => make(index));
}

interface ModelParts {
  readonly signatureDef?: readonly object[];
  readonly nodes?: readonly Uint8Array[];
  readonly functions?: readonly Uint8Array[];
  readonly objectGraph?: Uint8Array;
  readonly more?: Fields;
}

function model({ signatureDef = [], nodes = [], functions = [], objectGraph, more = {} }: ModelParts): Uint8Array {
  const graphDef = encodeMessage("GraphDef", {
    node: [...nodes, ...placeholders(signatureDef, nodes)],
    library: { function: functions },
  });
  const objectGraphDef = objectGraph === undefined ? {} : { objectGraphDef: objectGraph };
  const metaGraph = { metaInfoDef: { tags: ["serve"] }, graphDef, signatureDef, ...objectGraphDef, ...more };
  return encodeMessage("SavedModel", { metaGraphs: [metaGraph] });
}

/** The operations of the tensors that signatures name, without those that are there. */
function placeholders(signatureDef: readonly object[], nodes: readonly Uint8Array[]): readonly Uint8Array[] {
  const known = new Set(nodes.map((bytes) => decode("NodeHead", bytes).name));
  const names = new Set(tensorNames(signatureDef).map((name) => name.replace(/:\d+$/, "")));
  return [...names].filter((name) => !known.has(name)).map((name) => node(name, "Placeholder"));
}

function tensorNames(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return [];
  if (Array.isArray(value)) return value.flatMap(tensorNames);
  return Object.entries(value).flatMap(([key, item]) =>
    /^(name|\w+TensorName)$/.test(key) && typeof item === "string" ? [item] : tensorNames(item),
  );
}

function tensor(key: string, name: string, dtype = 1, more: Fields = {}): object {
  return { key, value: { name, dtype, tensorShape: {}, ...more } };
}

function signature(key: string, inputs: readonly object[], outputs: readonly object[]): object {
  return { key, value: { inputs, outputs } };
}

function node(name: string, op: string, input: readonly string[] = [], attr: Readonly<Record<string, object>> = {}) {
  const entries = Object.entries(attr).map(([key, value]) => ({ key, value: encodeMessage("AttrValue", value) }));
  return encodeMessage("NodeDef", { name, op, input, attr: entries });
}

function call(name: string, callee: string, input: readonly string[]): Uint8Array {
  return node(name, "PartitionedCall", input, { f: { func: { name: callee } } });
}

function functionOf(name: string, args: readonly string[], nodes: readonly Uint8Array[]): Uint8Array {
  const head = encodeMessage("FunctionDef", { signature: { name, inputArg: args.map((arg) => ({ name: arg })) } });
  return Buffer.concat([head, ...nodes.map((bytes) => delimited(3, bytes))]);
}

/** The object graph that holds the structure of the arguments of a function. */
function structureOf(name: string, structure: object | Uint8Array): Uint8Array {
  const bytes = structure instanceof Uint8Array ? structure : encodeMessage("StructuredValue", structure);
  return encodeMessage("ConcreteFunctions", {
    concreteFunctions: [{ key: name, value: { canonicalizedInputSignature: bytes } }],
  });
}

/** A signature with two inputs whose call leads to a function with this structure of arguments. */
function structured(structure: object | Uint8Array, signatures = 1): Uint8Array {
  const inputs = [tensor("a", "a:0"), tensor("b", "b:0")];
  return model({
    signatureDef: times(signatures, (index) => signature(`s${id(index)}`, inputs, [tensor("o", "call:0")])),
    nodes: [call("call", "author", ["a", "b"])],
    objectGraph: structureOf("author", structure),
  });
}

const strings = (texts: readonly string[]): object => ({
  tensor: {
    dtype: 7,
    tensorShape: { dim: [{ size: texts.length }] },
    stringVal: texts.map(bytesOf),
  },
});

/** Small files that are made to take long, or much memory, to be read, described or generated from. */
export const attacks: Readonly<Record<string, Attack>> = {
  "many signatures": (bytes) =>
    model({ signatureDef: times(bytes / 25, (index) => signature(id(index), [], [tensor("o", "x")])) }),
  "many signatures of many tensors": (bytes) =>
    model({
      signatureDef: times(bytes / 600, (index) => {
        const tensors = times(20, (at) => tensor(id(at), "x"));
        return signature(id(index), tensors, tensors);
      }),
    }),
  "one signature of many inputs": (bytes) =>
    model({
      signatureDef: [
        signature(
          "f",
          times(bytes / 20, (index) => tensor(id(index), "x")),
          [tensor("o", "x")],
        ),
      ],
    }),
  "one signature of many outputs": (bytes) =>
    model({
      signatureDef: [
        signature(
          "f",
          [],
          times(bytes / 20, (index) => tensor(id(index), "x")),
        ),
      ],
    }),
  "signatures that cannot be called": (bytes) =>
    model({ signatureDef: times(bytes / 10, (index) => signature(id(index), [], [])) }),
  "keys that become one name": (bytes) =>
    model({
      signatureDef: times(bytes / 90, (index) =>
        signature(index.toString(2).replaceAll("0", "_").replaceAll("1", "-"), [], [tensor("o", "x")]),
      ),
    }),
  "long keys": (bytes) =>
    model({
      signatureDef: times(40, (index) => {
        const key = `${"1a".repeat(bytes / 160)}${index}`;
        return signature(key, [tensor(key, "x")], [tensor("o", "x")]);
      }),
    }),
  "one long key": (bytes) => model({ signatureDef: [signature("k".repeat(bytes), [], [tensor("o", "x")])] }),
  "a long name of a tensor": (bytes) =>
    model({
      signatureDef: [
        signature("f", [tensor("a", ":1".repeat(bytes / 4)), tensor("b", "b")], [tensor("o", ":1".repeat(bytes / 4))]),
      ],
    }),
  "one shape of many dimensions": (bytes) =>
    model({
      signatureDef: [
        signature("f", [], [tensor("o", "x", 1, { tensorShape: { dim: times(bytes / 4, () => ({ size: 7 })) } })]),
      ],
    }),
  "shapes of the highest rank": (bytes) =>
    model({
      signatureDef: [
        signature(
          "f",
          [],
          times(bytes / 1050, (index) =>
            tensor(id(index), "x", 1, { tensorShape: { dim: times(254, () => ({ size: 77 })) } }),
          ),
        ),
      ],
    }),
  "large sizes": (bytes) =>
    model({
      signatureDef: [
        signature(
          "f",
          [],
          times(bytes / 210, (index) =>
            tensor(id(index), "x", 1, { tensorShape: { dim: times(16, () => ({ size: 2 ** 52 })) } }),
          ),
        ),
      ],
    }),
  "signatures on one call": (bytes) =>
    model({
      signatureDef: times(bytes / 400, (index) =>
        signature(id(index), [tensor("a", "a:0"), tensor("b", "b:0")], [tensor("o", "call:0")]),
      ),
      nodes: [
        call(
          "call",
          "author",
          times(bytes / 4, (index) => (index === 0 ? "a" : index === 1 ? "b" : "x")),
        ),
      ],
    }),
  "signatures on one call, each of other inputs": (bytes) =>
    model({
      signatureDef: times(bytes / 120, (index) =>
        signature(
          id(index),
          [tensor("a", `${id(2 * index)}:0`), tensor("b", `${id(2 * index + 1)}:0`)],
          [tensor("o", "call:0")],
        ),
      ),
      nodes: [call("call", "author", times(bytes / 30, id))],
    }),
  "signatures in one wrapper": (bytes) =>
    model({
      signatureDef: times(bytes / 120, (index) =>
        signature(id(index), [tensor("a", "a:0"), tensor("b", `b${id(index)}:0`)], [tensor("o", "call:0")]),
      ),
      nodes: [call("call", "signature_wrapper", ["a", ...times(bytes / 120, (index) => `b${id(index)}`)])],
      functions: [
        functionOf(
          "signature_wrapper",
          ["a", ...times(bytes / 120, (index) => `b${id(index)}`)],
          times(bytes / 120, (index) => call(`n${id(index)}`, "author", ["a", `b${id(index + 1)}`])),
        ),
      ],
    }),
  "many wrappers": (bytes) =>
    model({
      signatureDef: times(bytes / 250, (index) =>
        signature(id(index), [tensor("a", "a:0"), tensor("b", "b:0")], [tensor("o", `c${id(index)}:0`)]),
      ),
      nodes: times(bytes / 250, (index) => call(`c${id(index)}`, `w_signature_wrapper${id(index)}`, ["a", "b"])),
      functions: times(bytes / 250, (index) =>
        functionOf(`w_signature_wrapper${id(index)}`, ["a", "b"], [call("n", "author", ["b", "a"])]),
      ),
    }),
  "captures of one variable": (bytes) =>
    model({
      signatureDef: [signature("f", [], [tensor("o", "call:0")])],
      nodes: [
        call(
          "call",
          "author",
          times(bytes / 10, () => "v"),
        ),
        node(
          "v",
          "VarHandleOp",
          times(bytes / 5, () => ""),
        ),
        call("save", "saver", []),
      ],
      functions: [
        functionOf(
          "saver",
          ["file"],
          [
            node("names", "Const", [], { value: strings(["_CHECKPOINTABLE_OBJECT_GRAPH"]) }),
            node("s", "SaveV2", ["f", "names", "s", "file"]),
          ],
        ),
      ],
      objectGraph: encodeMessage("SavedObjectGraph", {
        concreteFunctions: [{ key: "author", value: { boundInputs: times(bytes / 10, (index) => index % 100) } }],
      }),
      more: { saverDef: { saveTensorName: "save:0" } },
    }),
  "writers of one constant": (bytes) =>
    model({
      nodes: [
        call("save", "saver", ["v", "g"]),
        node("v", "VarHandleOp"),
        node("g", "Const", [], { value: strings(["x".repeat(bytes / 10)]) }),
      ],
      functions: [
        functionOf(
          "saver",
          ["file", "graph"],
          [
            node("names", "Const", [], {
              value: strings(times(bytes / 30, (index) => (index < 3 ? "_CHECKPOINTABLE_OBJECT_GRAPH" : ""))),
            }),
            ...times(bytes / 80, (index) =>
              node(id(index), "SaveV2", ["f", "names", "s", "graph", "file", "graph", "file"]),
            ),
          ],
        ),
      ],
      objectGraph: encodeMessage("SavedObjectGraph", { nodes: [{}] }),
      more: { saverDef: { saveTensorName: "save:0" } },
    }),
  "objects with one twin": (bytes) => {
    const twin = encodeMessage("TrackableObjectGraph", {
      nodes: [
        { children: times(bytes / 40, (index) => ({ localName: id(index), nodeId: 1 })) },
        { children: times(bytes / 20, (index) => ({ localName: `c${id(index)}`, nodeId: 1 })) },
      ],
    });
    return model({
      nodes: [
        call("save", "saver", ["graph"]),
        node("graph", "Const", [], { value: { tensor: { dtype: 7, stringVal: [twin] } } }),
      ],
      functions: [
        functionOf(
          "saver",
          ["file"],
          [
            node("names", "Const", [], { value: strings(["_CHECKPOINTABLE_OBJECT_GRAPH"]) }),
            node("s", "SaveV2", ["f", "names", "s", "file"]),
          ],
        ),
      ],
      objectGraph: encodeMessage("SavedObjectGraph", {
        nodes: [
          { children: times(bytes / 40, (index) => ({ localName: id(index), nodeId: index + 1 })) },
          ...times(bytes / 40, () => ({})),
        ],
      }),
      more: { saverDef: { saveTensorName: "save:0" } },
    });
  },
  "long paths to variables": (bytes) => {
    const count = Math.floor(bytes / 30);
    return model({
      objectGraph: encodeMessage("VariableNodes", {
        nodes: [
          { children: [{ localName: "p".repeat(980), nodeId: 1 }] },
          { children: times(count, (index) => ({ localName: id(index), nodeId: index + 2 })) },
          ...times(count, () => ({ variable: { dtype: 1 } })),
        ],
      }),
    });
  },
  "many variables": (bytes) =>
    model({
      objectGraph: encodeMessage("VariableNodes", { nodes: times(bytes / 6, () => ({ variable: { dtype: 1 } })) }),
    }),
  "many variables of TensorFlow 1": (bytes) =>
    model({ nodes: times(bytes / 40, (index) => node(id(index), "VariableV2", [], { dtype: { type: 1 } })) }),
  "many unknown operations": (bytes) =>
    model({
      nodes: times(bytes / 16, (index) => node(id(index), `op${id(index)}`)),
      signatureDef: [signature("f", [], [tensor("o", "x")])],
    }),
  "many empty nodes": (bytes) => model({ nodes: times(bytes / 2, () => new Uint8Array()) }),
  "many empty functions": (bytes) => model({ functions: times(bytes / 2, () => new Uint8Array()) }),
  "many assets": (bytes) => model({ more: { assetFileDef: times(bytes / 8, (index) => ({ filename: id(index) })) } }),
  "many meta graphs": (bytes) => encodeMessage("SavedModel", { metaGraphs: times(bytes / 2, () => ({})) }),
  "many tag sets": (bytes) =>
    encodeMessage("SavedModel", { metaGraphs: times(bytes / 12, (index) => ({ metaInfoDef: { tags: [id(index)] } })) }),
  "many tag sets beside one of many tags": (bytes) =>
    encodeMessage("SavedModel", {
      metaGraphs: [
        { metaInfoDef: { tags: times(bytes / 12, id) } },
        { metaInfoDef: { tags: ["serve"] } },
        ...times(bytes / 12, () => ({ metaInfoDef: { tags: [""] } })),
      ],
    }),
  "many tags": (bytes) => model({ more: { metaInfoDef: { tags: ["serve", ...times(bytes / 8, id)] } } }),
  "components without end": () => structured({ typeSpecValue: { numFlatComponents: 2 ** 31 - 1 } }),
  "many components without end": (bytes) =>
    structured({
      listValue: { values: times(bytes / 12, () => ({ typeSpecValue: { numFlatComponents: 2 ** 31 - 1 } })) },
    }),
  "a structure of many leaves": (bytes) =>
    structured({ listValue: { values: times(bytes / 10, () => ({ tensorSpecValue: {} })) } }, 100),
  "a structure for many signatures": (bytes) =>
    structured({ listValue: { values: times(bytes / 20, () => ({ tensorSpecValue: {} })) } }, bytes / 130),
  "a composite of many dimensions": (bytes) =>
    structured(
      {
        typeSpecValue: {
          typeSpecClass: 3,
          numFlatComponents: 2,
          typeState: {
            tupleValue: {
              values: [
                { tensorShapeValue: { dim: times(bytes / 10, () => ({ size: -1 })) } },
                { tensorDtypeValue: 1 },
                { int64Value: 1 },
                { tensorDtypeValue: 9 },
              ],
            },
          },
        },
      },
      bytes / 130,
    ),
  "nested dicts with long keys": (bytes) => {
    const leaves = times(bytes / 100, (index) => ({
      key: id(index),
      value: {
        typeSpecValue: { typeSpecClass: 1, typeState: { tupleValue: { values: [{}, { tensorDtypeValue: 1 }] } } },
      },
    }));
    let structure: object = { dictValue: { fields: leaves } };
    for (let depth = 0; depth < 20; depth++) {
      structure = { dictValue: { fields: [{ key: "k".repeat(bytes / 40), value: structure }] } };
    }
    return structured(structure);
  },
  "deep lists of many leaves": (bytes) => {
    let structure: Uint8Array = encodeMessage("StructuredValue", {
      listValue: { values: times(bytes / 4, () => ({ tensorSpecValue: {} })) },
    });
    for (let depth = 0; depth < 40; depth++) structure = delimited(51, delimited(1, structure));
    return structured(structure);
  },
  "an example for each signature": (bytes) =>
    model({
      signatureDef: times(bytes / 280, (index) =>
        signature(id(index), [tensor("x", `x${id(index)}:0`, 7)], [tensor("o", "x")]),
      ),
      nodes: times(bytes / 280, (index) =>
        node(`p${id(index)}`, "ParseSingleExample", [`x${id(index)}`], {
          sparse_keys: { list: { s: [bytesOf(id(index))] } },
          sparse_types: { list: { type: [1] } },
        }),
      ),
    }),
  "one example for many inputs": (bytes) =>
    model({
      signatureDef: [
        signature(
          "f",
          times(bytes / 50, (index) => tensor(id(index), "x:0", 7)),
          [tensor("o", "x")],
        ),
      ],
      nodes: [
        node("p", "ParseSingleExample", ["x"], {
          sparse_keys: { list: { s: times(bytes / 20, (index) => bytesOf(id(index))) } },
          sparse_types: { list: { type: times(bytes / 20, () => 1) } },
        }),
      ],
    }),
  "an example of many features": (bytes) =>
    model({
      signatureDef: [signature("f", [tensor("i", "x:0", 7)], [tensor("o", "x")])],
      nodes: [
        node("p", "ParseSingleExample", ["x"], {
          sparse_keys: { list: { s: times(bytes / 8, (index) => bytesOf(id(index))) } },
          sparse_types: { list: { type: times(bytes / 8, () => 1) } },
        }),
      ],
    }),
  "parsers behind a node of many attributes": (bytes) =>
    model({
      signatureDef: times(bytes / 60, (index) => signature(id(index), [tensor("i", "x:0", 7)], [tensor("o", "x")])),
      nodes: [
        encodeMessage("NodeDef", {
          name: "p",
          op: "PartitionedCall",
          input: ["x"],
          attr: times(bytes / 8, () => ({ key: "a" })),
        }),
        node("q", "ParseSingleExample", ["x"]),
      ],
    }),
  "parsers that call a function of a long name": (bytes) =>
    model({
      signatureDef: [signature("f", [tensor("i", "x:0", 7)], [tensor("o", "x")])],
      nodes: [node("q", "ParseSingleExample", ["x"]), ...times(bytes / 100, (index) => call(id(index), "f", ["x"]))],
      functions: [functionOf("f", ["a".repeat(bytes / 2)], [])],
    }),
  "a chain of identities": (bytes) =>
    model({
      signatureDef: times(bytes / 100, (index) => signature(id(index), [tensor("i", "n0:0", 7)], [tensor("o", "x")])),
      nodes: [
        node("q", "ParseSingleExample", ["y"]),
        ...times(bytes / 40, (index) => node(`n${id(index + 1)}`, "Identity", [`n${id(index)}`])),
      ],
    }),
  "many defaults": (bytes) => {
    const names = times(bytes / 60, id);
    const value = encodeMessage("TensorProto", {
      dtype: 7,
      tensorShape: { dim: [{ size: 16 }] },
      stringVal: [bytesOf("x")],
    });
    return model({
      signatureDef: [
        {
          key: "f",
          value: {
            inputs: names.map((key) => tensor(key, "x", 7)),
            outputs: [tensor("o", "x")],
            defaults: names.map((key) => ({ key, value })),
          },
        },
      ],
    });
  },
  "a default of many elements": (bytes) => {
    const value = encodeMessage("TensorProto", {
      dtype: 7,
      tensorShape: { dim: [{ size: 16 }] },
      stringVal: times(bytes / 2, () => new Uint8Array()),
    });
    return model({
      signatureDef: [
        {
          key: "f",
          value: { inputs: [tensor("x", "x", 7)], outputs: [tensor("o", "x")], defaults: [{ key: "x", value }] },
        },
      ],
    });
  },
  "a default of a long string": (bytes) => {
    const value = encodeMessage("TensorProto", {
      dtype: 7,
      tensorShape: { dim: [{ size: 16 }] },
      stringVal: [bytesOf("\u0001".repeat(bytes))],
    });
    return model({
      signatureDef: [
        {
          key: "f",
          value: { inputs: [tensor("x", "x", 7)], outputs: [tensor("o", "x")], defaults: [{ key: "x", value }] },
        },
      ],
    });
  },
  "tensors made of many tensors": (bytes) =>
    model({
      signatureDef: [
        signature("f", [], [{ key: "o", value: { compositeTensor: { components: times(bytes / 2, () => ({})) } } }]),
      ],
    }),
  "ragged tensors of the highest rank": (bytes) => {
    const typeState = {
      tupleValue: {
        values: [{ tensorShapeValue: { unknownRank: true } }, { tensorDtypeValue: 1 }, { int64Value: 253 }],
      },
    };
    const components = times(254, (index) => ({ name: "x", dtype: index === 0 ? 1 : 9 }));
    return model({
      signatureDef: [
        signature(
          "f",
          [],
          times(bytes / 1820, (index) => ({
            key: id(index),
            value: { compositeTensor: { typeSpec: { typeSpecClass: 3, typeState }, components } },
          })),
        ),
      ],
    });
  },
};
