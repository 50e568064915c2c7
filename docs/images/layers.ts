import { isIn, readImportGraph } from "../../test/support/import-graph.js";

interface Room {
  readonly name: string;
  /** Files and folders of runtime/. */
  readonly paths: readonly string[];
  readonly purpose: string;
  readonly row: number;
  readonly column: number;
}

/** Rooms of runtime/ from top to bottom. The data flow of a call is the middle column. */
const ROOMS: readonly Room[] = [
  room("index.ts, model.ts", "entry point; Model.load", 0, 1, ["index.ts", "model.ts", "engines/browser"]),
  room("engines/kserve, serving", "protocols of servers", 0, 0, ["engines/kserve", "engines/serving"]),
  room("engines/cluster", "TensorFlow's own cluster", 0, 2),
  room("training", "fit, evaluate, predict", 1, 0),
  room("engines/fake", "functions of a test", 1, 1),
  room("engines/local", "TensorFlow in this process", 1, 2),
  room("engines/remote", "connections, retries", 2, 0),
  room("client", "methods, lifetime", 3, 1),
  room("engines/graph", "variables, checkpoints", 3, 2),
  room("queue", "order, limits, batches", 4, 1),
  room("call", "checks inputs of a call", 5, 1),
  room("engine.ts", "the seam: interfaces only", 6, 1),
  room("data", "CSV, .npz: savedmodel/data", 7, 0),
  room("saved-model", "reads SavedModels", 7, 1),
  room("tensor", "dtypes, shapes, values", 8, 1),
  room("base", "errors, strings, files", 9, 1),
];

/** Sizes in pixels. */
const [WIDTH, HEIGHT, MARGIN] = [220, 52, 28];
const [COLUMN, ROW] = [WIDTH + 40, HEIGHT + 32];

function room(name: string, purpose: string, row: number, column: number, paths: readonly string[] = [name]): Room {
  return { name, paths: paths.map((path) => `runtime/${path}`), purpose, row, column };
}

/**
 * Draws the rooms of runtime/ and the imports between them. An import that follows from two other arrows is omitted.
 *
 * @throws Error when a file is in no room, or an import leads to a room that is not below
 */
export function drawLayers(): string {
  const { files, imports } = readImportGraph(["runtime"]);
  const roomOf = (file: string): Room => {
    const found = ROOMS.find(({ paths }) => paths.some((path) => isIn(file, path)));
    if (found === undefined) throw new Error(`${file} is in no room: add it to docs/images/layers.ts`);
    return found;
  };
  const below = new Map(ROOMS.map((each) => [each, new Set<Room>()]));
  for (const { from, to } of imports) {
    const [upper, lower] = [roomOf(from), roomOf(to)];
    if (upper === lower) continue;
    if (upper.row >= lower.row) throw new Error(`${from} imports ${to}, which is not below it`);
    below.get(upper)?.add(lower);
  }
  // Everything below a room: rooms are in the order of their rows, so those below are complete.
  for (const each of ROOMS.toReversed()) {
    for (const lower of [...(below.get(each) ?? [])])
      for (const deep of below.get(lower) ?? []) below.get(each)?.add(deep);
  }
  const arrows = ROOMS.flatMap((upper) => {
    const all = [...(below.get(upper) ?? [])];
    const direct = all.filter((lower) => !all.some((between) => below.get(between)?.has(lower)));
    return direct.sort((a, b) => ROOMS.indexOf(a) - ROOMS.indexOf(b)).map((lower) => arrow(upper, lower));
  });
  const boxes = ROOMS.map((each) => box(each, files.filter((file) => roomOf(file) === each).length));
  const width = 2 * MARGIN + 2 * COLUMN + WIDTH;
  const height = 2 * MARGIN + 9 * ROW + HEIGHT;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="The folders of runtime/ in layers, and which imports which" font-family="system-ui, sans-serif">
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8Z" fill="#8b929e"/></marker></defs>
<rect width="${width}" height="${height}" rx="10" fill="#21252b"/>
<g fill="none" stroke="#8b929e" stroke-width="1.5" marker-end="url(#tip)">
${arrows.join("\n")}
</g>
${boxes.join("\n")}
</svg>
`;
}

function left({ column }: Room): number {
  return MARGIN + column * COLUMN;
}

function top({ row }: Room): number {
  return MARGIN + row * ROW;
}

/**
 * Returns a curve to a row below; a line past the rows between, which leads to a room of another column from its side.
 */
function arrow(upper: Room, lower: Room): string {
  const [x, y] = [left(upper) + WIDTH / 2, top(upper) + HEIGHT];
  const turn = upper.column - lower.column;
  if (turn !== 0 && lower.row - upper.row > 1) {
    const side = left(lower) + (turn > 0 ? WIDTH : 0);
    return `<path d="M${x} ${y}V${top(lower) + HEIGHT / 2}H${side}"/>`;
  }
  const [endX, endY] = [left(lower) + WIDTH / 2 + turn * 45, top(lower)];
  const startX = x - turn * 45;
  const middle = (y + endY) / 2;
  return `<path d="M${startX} ${y}C${startX} ${middle} ${endX} ${middle} ${endX} ${endY}"/>`;
}

function box(each: Room, count: number): string {
  const [x, y, middle] = [left(each), top(each), left(each) + WIDTH / 2];
  const stroke = each.name === "engine.ts" ? "#e5c07b" : "#61afef";
  const files = `${count} ${count === 1 ? "file" : "files"}`;
  return `<rect x="${x}" y="${y}" width="${WIDTH}" height="${HEIGHT}" rx="6" fill="#2c313a" stroke="${stroke}"/>
<text x="${middle}" y="${y + 22}" text-anchor="middle" fill="#d7dae0" font-size="15"><tspan font-weight="bold">${each.name}</tspan><tspan fill="#8b929e" font-size="12"> ${files}</tspan></text>
<text x="${middle}" y="${y + 41}" text-anchor="middle" fill="#b6bcc7" font-size="12">${each.purpose}</text>`;
}
