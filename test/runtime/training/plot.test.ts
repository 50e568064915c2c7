import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { History } from "../../../runtime/training/history/history.js";
import { decimate } from "../../../runtime/training/plot/plot-decimate.js";
import type { EpochRecord } from "../../../runtime/training/records/events.js";
import { expectError } from "../../support/errors.js";

type Recorded = Pick<EpochRecord, "metrics" | "validation" | "constants">;

function history(count: number, of: (index: number) => Recorded, details = {}): History {
  const epochs = Array.from({ length: count }, (_, index) => ({
    epoch: index + 1,
    step: index + 1,
    rows: 1,
    seconds: 1,
    ...of(index),
  }));
  return new History(epochs, details);
}

/** A training as they are: it overfits, and its learning rate falls. */
const usual = history(
  40,
  (index) => ({
    metrics: { loss: 2 * Math.exp(-index / 8) + 0.1, accuracy: 1 - 0.8 * Math.exp(-index / 8) },
    validation: { loss: 2 * Math.exp(-index / 8) + 0.1 + index / 100, accuracy: 0.9 - 0.8 * Math.exp(-index / 8) },
    constants: { learning_rate: 0.01 * 0.9 ** index, dropout: 0.3 },
  }),
  { bestEpoch: 24, monitor: "validation_loss" },
);

interface Found {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
}

/** The elements of a chart, in the order of their ends. Throws if the XML is not well-formed. */
function elements(svg: string): readonly Found[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML has none of them
  expect(svg).not.toMatch(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])/);
  const open: { name: string; attributes: Record<string, string>; text: string }[] = [];
  const found: Found[] = [];
  let end = 0;
  for (const match of svg.matchAll(/<(\/?)([a-z]+)((?: [a-zA-Z:0-9-]+="[^"<]*")*)(\/?)>|[^<]+/g)) {
    expect(match.index).toBe(end);
    end += match[0].length;
    const [whole, isEnd, name, list = "", isEmpty] = match;
    if (name === undefined) {
      expect(whole.replaceAll(/&(?:amp|lt|gt|quot);/g, "")).not.toContain("&");
      for (const element of open) element.text += unescapeXml(whole);
    } else if (isEnd === "/") {
      const last = open.pop();
      expect(last?.name).toBe(name);
      if (last !== undefined) found.push(last);
    } else {
      const attributes = Array.from(list.matchAll(/ ([^=]+)="([^"]*)"/g), ([, key = "", value = ""]) => [key, value]);
      expect(new Set(attributes.map(([key]) => key)).size).toBe(attributes.length);
      const element = { name, attributes: Object.fromEntries(attributes), text: "" };
      if (isEmpty === "/") found.push(element);
      else open.push(element);
    }
  }
  expect(end).toBe(svg.length);
  expect(open).toEqual([]);
  return found;
}

function unescapeXml(text: string): string {
  return text.replaceAll("&quot;", '"').replaceAll("&gt;", ">").replaceAll("&lt;", "<").replaceAll("&amp;", "&");
}

function texts(svg: string, className?: string): readonly string[] {
  return elements(svg)
    .filter(({ name, attributes }) => name === "text" && (className === undefined || attributes.class === className))
    .map(({ text }) => text);
}

function paths(svg: string, role: string): readonly string[] {
  return elements(svg)
    .filter(({ name, attributes }) => name === "path" && attributes.class === `line ${role}-line`)
    .map(({ attributes }) => attributes.d ?? "");
}

describe("the chart", () => {
  it("the chart has a panel per metric, with its validation, and one per constant that changes", () => {
    const svg = usual.toSVG();
    expect(texts(svg, "name ink")).toEqual(["loss", "accuracy", "learning_ratelog scale"]);
    expect(
      [paths(svg, "training"), paths(svg, "validation"), paths(svg, "constant")].map((list) => list.length),
    ).toEqual([2, 2, 1]);
    expect(texts(svg)).toContain("dropout: 0.3");
    expect(texts(svg, "training-mark")).toEqual(["training", "training"]);
    expect(texts(svg, "validation-mark")).toEqual(["validation", "validation"]);
    expect(texts(svg)).toContain("epoch");
  });

  it("the chart marks the best epoch in every panel, and its value in the monitored one", () => {
    const all = elements(usual.toSVG());
    const lines = all.filter(({ attributes }) => attributes.class === "best");
    expect(lines).toHaveLength(3);
    expect(new Set(lines.map(({ attributes }) => attributes.x1)).size).toBe(1);
    const rings = all.filter(({ attributes }) => attributes.class === "ring");
    expect(rings.map(({ attributes }) => attributes.cx)).toEqual([lines[0]?.attributes.x1]);
    expect(all.filter(({ text }) => text === "○ best epoch 24: 0.4428")).toHaveLength(1);
  });

  it("the chart describes its contents in words", () => {
    const all = elements(usual.toSVG({ title: "Digits" }));
    const of = (wanted: string): string | undefined => all.find(({ name }) => name === wanted)?.text;
    expect(of("title")).toBe("Digits");
    expect(of("desc")).toBe(
      "40 epochs. The best epoch was 24. loss: from 2.1 to 0.1153. accuracy: from 0.2 to 0.9939. " +
        "loss (validation): from 2.1 to 0.5053. accuracy (validation): from 0.1 to 0.8939. " +
        "learning_rate (constant): from 0.01 to 0.0001642. dropout (constant): 0.3.",
    );
  });

  it("the chart follows the reader's theme, and loads nothing", () => {
    const svg = usual.toSVG();
    expect(svg).toContain("@media (prefers-color-scheme:dark){");
    expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', "")).not.toMatch(/http|url\(|@import|<script|href/);
  });

  it("the chart is the same for the same training, also after JSON", () => {
    const back = History.fromJSON(JSON.parse(JSON.stringify(usual)));
    expect(back.toSVG({ title: "a" })).toBe(usual.toSVG({ title: "a" }));
  });

  it("the chart has the requested size", () => {
    const [root] = elements(usual.toSVG({ width: 500, height: 700 })).filter(({ name }) => name === "svg");
    expect(root?.attributes).toMatchObject({ width: "500", height: "700", viewBox: "0 0 500 700" });
  });

  it.each<readonly [object, string]>([
    [{ titel: "a" }, 'has no option "titel"'],
    [{ title: 1 }, "title must be a string"],
    [{ width: 100 }, "width must be a number of pixels from 240 to 8000"],
    [{ width: "760" }, "width must be a number of pixels"],
    [{ width: Number.NaN }, "width must be a number of pixels"],
    [{ height: 9000 }, "height must be a number of pixels from 1 to 8000"],
    [{ height: 100 }, "height must be at least 361 for what there is to show"],
  ])("toSVG rejects %o", (options, message) => {
    expect(expectError(() => usual.toSVG(options), "INVALID_OPTION").message).toContain(message);
  });
});

describe("scales", () => {
  const labels = (values: readonly number[]): readonly string[] =>
    elements(history(values.length, (index) => ({ metrics: { loss: values[index] ?? 0 } })).toSVG())
      .filter(({ attributes }) => attributes["text-anchor"] === "end")
      .map(({ text }) => text);

  it.each<readonly [string, readonly number[], readonly string[]]>([
    ["losses", [2.3, 1.1, 0.4], ["0.5", "1.0", "1.5", "2.0"]],
    ["losses that fall far, by powers of ten", [250, 20, 0.5], ["1", "10", "100"]],
    ["a factor of 100 still evenly", [100, 50, 1], ["0", "20", "40", "60", "80", "100"]],
    ["negative values", [-1, -2, -3], ["−3.0", "−2.5", "−2.0", "−1.5", "−1.0"]],
    ["small ones", [0.0002, 0.0001], ["1e−4", "1.2e−4", "1.4e−4", "1.6e−4", "1.8e−4", "2e−4"]],
    ["large ones", [0, 5e7], ["0", "1e7", "2e7", "3e7", "4e7", "5e7"]],
    ["one that does not change", [0.5, 0.5], ["0.46", "0.48", "0.50", "0.52", "0.54"]],
    ["one that changes by rounding only", [1, 1 + 2 ** -52], ["0.90", "0.95", "1.00", "1.05", "1.10"]],
    ["nothing but zeros", [0, 0], ["−1.0", "−0.5", "0.0", "0.5", "1.0"]],
  ])("scales have readable labels: %s", (_, values, expected) => {
    expect(labels(values)).toEqual(expected);
  });

  it("the scales of a chart show whole epochs", () => {
    const ticks = (count: number): readonly string[] =>
      elements(history(count, () => ({ metrics: { loss: 1 } })).toSVG())
        .filter(({ attributes }) => attributes["text-anchor"] === "middle")
        .map(({ text }) => text);
    expect(ticks(1)).toEqual(["1", "epoch"]);
    expect(ticks(3)).toEqual(["1", "2", "3", "epoch"]);
    expect(ticks(50)).toEqual(["5", "10", "15", "20", "25", "30", "35", "40", "45", "50", "epoch"]);
    expect(ticks(10_000).at(-2)).toBe("10,000");
  });
});

describe("unusual histories", () => {
  it("the chart leaves gaps, and draws a dot for a value between two gaps", () => {
    const values = [1, Number.NaN, 2, Number.POSITIVE_INFINITY, 3, 4];
    const svg = history(6, (index) => ({ metrics: { loss: values[index] ?? 0 } })).toSVG({ width: 240 });
    expect(paths(svg, "training")[0]?.match(/M/g)).toHaveLength(3);
    expect(elements(svg).filter(({ name }) => name === "circle").length).toBeGreaterThanOrEqual(2);
  });

  it("the chart says when there is nothing to draw", () => {
    expect(texts(new History([]).toSVG())).toEqual(["nothing to show"]);
    expect(texts(history(2, () => ({ metrics: {} })).toSVG())).toEqual(["nothing to show"]);
    expect(texts(history(2, () => ({ metrics: { loss: Number.NaN } })).toSVG())).toContain("no finite values");
  });

  it("the chart shows names unchanged, and truncates long ones", () => {
    const names = ['</text><script>alert("1")</script>', "a&b", "\u202e\u0000\ufffe\ud800", "長".repeat(200)];
    const svg = history(2, () => ({ metrics: Object.fromEntries(names.map((name) => [name, 1])) })).toSVG({
      title: "<&>",
      width: 3000,
    });
    expect(texts(svg, "title ink")).toEqual(["<&>"]);
    const [first, second, third, fourth] = texts(svg, "name ink");
    expect([first, second, third]).toEqual([names[0], "a&b", "\\u{202e}\\u{0}\ufffd\\u{d800}"]);
    expect(fourth).toMatch(/^長{40,150}…$/);
  });

  it("the chart is well-formed and has only numbers, for any numbers, names and sizes", () => {
    const values = fc.array(fc.oneof(fc.double(), fc.constantFrom(0, 1, Number.NaN)), { maxLength: 30 });
    const columns = fc.dictionary(fc.string(), values, { maxKeys: 3 });
    const width = fc.integer({ min: 240, max: 2000 });
    fc.assert(
      fc.property(fc.nat(30), columns, columns, columns, width, (count, metrics, validation, constants, width) => {
        const at = (of: Record<string, number[]>, index: number): Record<string, number> =>
          Object.fromEntries(Object.entries(of).map(([name, list]) => [name, list[index % list.length] ?? 0]));
        const recorded = (index: number): Recorded => ({
          metrics: at(metrics, index),
          validation: at(validation, index),
          constants: at(constants, index),
        });
        const best = count === 0 ? undefined : Math.ceil(count / 2);
        const [name] = Object.keys(metrics);
        const svg = history(count, recorded, { bestEpoch: best, monitor: name }).toSVG({ width });
        for (const { name, attributes } of elements(svg)) {
          if (name === "desc" || name === "text") continue;
          expect(Object.values(attributes).join(" ")).not.toMatch(/NaN|Infinity|undefined|e[+-]?\d/);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("the chart keeps everything within the panel", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true }), { minLength: 1 }), (values) => {
        const svg = history(values.length, (index) => ({ metrics: { loss: values[index] ?? 0 } })).toSVG();
        const height = Number(/height="(\d+)"/.exec(svg)?.[1]);
        for (const [, y] of paths(svg, "training")[0]?.matchAll(/[ML][\d.]+,(-?[\d.]+)/g) ?? []) {
          expect(Number(y)).toBeGreaterThan(0);
          expect(Number(y)).toBeLessThan(height);
        }
      }),
    );
  });
});

describe("many epochs", () => {
  it("the chart of many epochs has a bounded size", () => {
    const noise = (index: number): number => Math.sin(index * index);
    const svg = history(100_000, (index) => ({ metrics: { loss: 1 + noise(index) } })).toSVG();
    expect(svg.length).toBeLessThan(100_000);
  });

  it("the chart of many epochs keeps the minimum and maximum of each column, and gaps", () => {
    const points = Array.from({ length: 1000 }, (_, index) => ({
      epoch: index,
      value: index === 555 ? Number.NaN : Math.sin(index * 7) * 100,
    }));
    const kept = decimate(points, (epoch) => epoch / 100);
    expect(kept.length).toBeLessThanOrEqual(50);
    for (let column = 0; column < 10; column++) {
      const of = (list: typeof kept): readonly number[] =>
        list.filter(({ epoch }) => Math.floor(epoch / 100) === column).map(({ value }) => value);
      const finite = (list: typeof kept): readonly number[] => of(list).filter((value) => !Number.isNaN(value));
      expect(Math.max(...finite(kept))).toBe(Math.max(...finite(points)));
      expect(Math.min(...finite(kept))).toBe(Math.min(...finite(points)));
      expect(of(kept).some(Number.isNaN)).toBe(column === 5);
    }
    expect(kept.map(({ epoch }) => epoch)).toEqual(kept.map(({ epoch }) => epoch).toSorted((a, b) => a - b));
  });
});
