/** Where a model runs, and where its variables are. */
interface Place {
  readonly name: string;
  /** Label of the arrow to it. */
  readonly by: string;
  /** Boxes at the place: what runs, and where variables are. */
  readonly boxes: readonly (readonly [what: string, variables: string])[];
  readonly when: string;
}

const PLACES: readonly Place[] = [
  {
    name: "this process",
    by: "load()",
    boxes: [["TensorFlow", "variables"]],
    when: "training, and calls in microseconds",
  },
  {
    name: "KServe: Triton, MLServer, OpenVINO",
    by: "connect(kserve(…))",
    boxes: [
      ["replica", "own variables"],
      ["replica", "own variables"],
    ],
    when: "many predictions, GPUs, batches",
  },
  {
    name: "TensorFlow Serving",
    by: "connect(serving(…))",
    boxes: [
      ["replica", "own variables"],
      ["replica", "own variables"],
    ],
    when: "many predictions, new versions while it runs",
  },
  {
    name: "TensorFlow's own servers",
    by: "connect(cluster(…))",
    boxes: [
      ["worker", "operations"],
      ["worker", "operations"],
      ["ps", "shared variables"],
    ],
    when: "training and state that programs share",
  },
];

/** Sizes in pixels. */
const [WIDTH, ROW, MARGIN, CLIENT] = [910, 96, 24, 170];
const [BOX, LEFT] = [130, 385];

/** Draws the image of docs/scaling.md. */
export function drawScaling(): string {
  const height = 2 * MARGIN + PLACES.length * ROW - 12;
  const middle = height / 2;
  const lanes = PLACES.map((place, row) => {
    const top = MARGIN + row * ROW;
    const center = top + 42;
    const boxes = place.boxes.map(([what, variables], column) => {
      const x = LEFT + 14 + column * (BOX + 12);
      return `<rect x="${x}" y="${top + 28}" width="${BOX}" height="42" rx="5" fill="#2c313a" stroke="${variables.endsWith("variables") ? "#e5c07b" : "#61afef"}"/>
${text(x + BOX / 2, top + 46, what, "#d7dae0", 13)}${text(x + BOX / 2, top + 62, variables, "#b6bcc7", 11)}`;
    });
    const start = MARGIN + CLIENT;
    return `<rect x="${LEFT}" y="${top}" width="${WIDTH - LEFT - MARGIN}" height="${ROW - 14}" rx="8" fill="#262a31" stroke="#3e4451"/>
<text x="${LEFT + 14}" y="${top + 19}" fill="#d7dae0" font-size="13"><tspan font-weight="bold">${place.name}</tspan><tspan fill="#8b929e">  ${place.when}</tspan></text>
<path d="M${start} ${middle}C${start + 50} ${middle} ${start + 20} ${center} ${start + 60} ${center}H${LEFT - 2}" fill="none" stroke="#8b929e" stroke-width="1.5" marker-end="url(#tip)"/>
${text((start + 50 + LEFT) / 2, center - 7, place.by, "#98c379", 12)}
${boxes.join("\n")}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="One generated client, and the four places where its model can run" font-family="system-ui, sans-serif">
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8Z" fill="#8b929e"/></marker></defs>
<rect width="${WIDTH}" height="${height}" rx="10" fill="#21252b"/>
<rect x="${MARGIN}" y="${middle - 36}" width="${CLIENT}" height="72" rx="8" fill="#2c313a" stroke="#61afef"/>
${text(MARGIN + CLIENT / 2, middle - 6, "CustomModel", "#d7dae0", 15)}${text(MARGIN + CLIENT / 2, middle + 16, "one generated client", "#b6bcc7", 12)}
${lanes.join("\n")}
</svg>
`;
}

function text(x: number, y: number, content: string, fill: string, size: number): string {
  return `<text x="${x}" y="${y}" text-anchor="middle" fill="${fill}" font-size="${size}">${content}</text>`;
}
