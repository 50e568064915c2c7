import { dirname } from "node:path/posix";
import { expect, it } from "vitest";
import { cyclesOf, type Import, isIn, loadedBy, readImportGraph } from "./support/import-graph.js";

// The layers of docs/architecture.md, as the imports of the code have them.

const graph = readImportGraph(["runtime", "generator", "templates"]);

/** Each layer may import those before it. `engines` and `training` stand side by side. */
const LAYERS: readonly (readonly string[])[] = [
  ["runtime/base"],
  ["runtime/tensor"],
  ["runtime/saved-model", "runtime/data"],
  ["runtime/engine.ts"],
  ["runtime/call"],
  ["runtime/queue"],
  ["runtime/client"],
  [
    "runtime/engines/cluster",
    "runtime/engines/fake",
    "runtime/engines/graph",
    "runtime/engines/kserve",
    "runtime/engines/local",
    "runtime/engines/remote",
    "runtime/engines/serving",
    "runtime/training",
  ],
  ["runtime/engines/browser", "runtime/model.ts", "runtime/index.ts"],
];

/** Code that engines share: no engines themselves. */
const SHARED: readonly string[] = ["runtime/engines/graph", "runtime/engines/remote"];

/** The imports that cross a boundary which they may not cross, in words. */
function crossing(isAllowed: (each: Import) => boolean): readonly string[] {
  return graph.imports.filter((each) => !isAllowed(each)).map(({ from, to }) => `${from} imports ${to}`);
}

function layerOf(file: string): number {
  const layer = LAYERS.findIndex((rooms) => rooms.some((room) => isIn(file, room)));
  if (layer < 0) throw new Error(`${file} is in no layer`);
  return layer;
}

function roomOf(file: string): string {
  return LAYERS.flat().find((room) => isIn(file, room)) ?? dirname(file);
}

it("runtime/ imports nothing of generator/ and templates/", () => {
  expect(crossing(({ from, to }) => !isIn(from, "runtime") || isIn(to, "runtime"))).toEqual([]);
});

it("layers of runtime/ import only the layers below them", () => {
  const allowed = crossing(({ from, to }) => {
    if (!isIn(from, "runtime") || !isIn(to, "runtime") || roomOf(from) === roomOf(to)) return true;
    if (SHARED.some((room) => isIn(from, "runtime/engines") && isIn(to, room))) return true;
    // The entry point is made of all others; the rest of the top layer too.
    return layerOf(to) < layerOf(from) || from === "runtime/index.ts" || isIn(from, "runtime/engines/browser");
  });
  expect(allowed).toEqual([]);
});

it("runtime/tensor imports no file system, and runtime/data no more than tensors", () => {
  const files = graph.files.filter((file) => isIn(file, "runtime/tensor"));
  expect(files.filter((file) => graph.packages.get(file)?.some((name) => name.startsWith("node:fs")))).toEqual([]);
  const beneath = ["runtime/data", "runtime/tensor", "runtime/base"];
  expect(crossing(({ from, to }) => !isIn(from, "runtime/data") || beneath.some((room) => isIn(to, room)))).toEqual([]);
});

it("only the local engine imports koffi, and nothing but the composed model reaches the local engine", () => {
  const importers = graph.files.filter((file) => graph.packages.get(file)?.includes("koffi"));
  expect(importers.filter((file) => !isIn(file, "runtime/engines/local"))).toEqual([]);
  const others = [
    "base",
    "tensor",
    "saved-model",
    "call",
    "queue",
    "client",
    "data",
    "training",
    "engines/cluster",
    "engines/fake",
    "engines/graph",
    "engines/remote",
    "engines/kserve",
    "engines/serving",
  ];
  const reaching = graph.files.filter(
    (file) =>
      others.some((room) => isIn(file, `runtime/${room}`)) &&
      [...loadedBy(file, graph)].some((loaded) => isIn(loaded, "runtime/engines/local")),
  );
  expect(reaching).toEqual([]);
});

it("the generator reaches no engine but in its command line and its installation of the library", () => {
  const free = graph.files.filter(
    (file) => isIn(file, "generator") && !isIn(file, "generator/cli") && !isIn(file, "generator/library"),
  );
  const reaching = free.filter((file) => [...loadedBy(file, graph)].some((loaded) => isIn(loaded, "runtime/engines")));
  expect(reaching).toEqual([]);
});

it("no files import each other in a circle", () => {
  const values = graph.imports.filter(({ isTypeOnly }) => !isTypeOnly);
  expect(cyclesOf(values.map(({ from, to }) => [from, to]))).toEqual([]);
});

it("no folders import each other in a circle", () => {
  // A folder and those within it are one room: what is inside may know the room that it belongs to.
  expect(cyclesOf(graph.imports.map(({ from, to }) => [topFolder(from), topFolder(to)]))).toEqual([]);
});

/** `runtime/tensor` of `runtime/tensor/npy/npy.ts`; an engine is a folder by itself. */
function topFolder(file: string): string {
  // The files between the folders are rooms too: each is of another layer.
  if (dirname(file) === "runtime") return file;
  const depth = isIn(file, "runtime/engines") ? 3 : isIn(file, "templates") ? 1 : 2;
  const parts = dirname(file).split("/");
  return parts.slice(0, depth).join("/");
}

it("runtime/ has at most twelve rooms on its top level", () => {
  const rooms = new Set(graph.files.filter((file) => isIn(file, "runtime")).map((file) => file.split("/")[1]));
  expect(rooms.size).toBeLessThanOrEqual(12);
});
