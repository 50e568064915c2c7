import { createWriteStream, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import fc from "fast-check";
import { type CsvOptions, parseCsv, readCsv, type Table } from "savedmodel/data";
import { describe, expect, it } from "vitest";
import { expectError, expectRejection } from "../../support/errors.js";
import { tempFolder } from "../../support/temp.js";

/** The columns of a table, typed arrays as arrays. */
function columnsOf({ columns }: Table): Readonly<Record<string, readonly unknown[]>> {
  return Object.fromEntries([...columns].map(([name, values]) => [name, [...values]]));
}

function written(content: string | Uint8Array): string {
  const path = join(tempFolder(), "data.csv");
  writeFileSync(path, content);
  return path;
}

const houses = 'size,city,price\n50,Ulm,1.5e2\n+75.5,"Bad ""X"", North",-.25\n';

describe("valid CSV files", () => {
  it("a CSV file has typed columns", async () => {
    const table = parseCsv(houses);
    expect(columnsOf(table)).toEqual({ size: [50, 75.5], city: ["Ulm", 'Bad "X", North'], price: [150, -0.25] });
    expect(table.column("size")).toBeInstanceOf(Float64Array);
    expect(table.rows).toBe(2);
    const path = written(houses);
    expect(columnsOf(await readCsv(path))).toEqual(columnsOf(table));
    expect(columnsOf(await readCsv(pathToFileURL(path)))).toEqual(columnsOf(table));
  });

  const same: readonly (readonly [what: string, text: string, options?: CsvOptions])[] = [
    ["without a line break at its end", "a,b\n1,x\n2,y"],
    ["with CRLF", "a,b\r\n1,x\r\n2,y\r\n"],
    ["with CR", "a,b\r1,x\r2,y\r"],
    ["with mixed line breaks", 'a,b\n1,x\r\n2,"y"\r\n'],
    ["with a byte order mark", "\ufeffa,b\n1,x\n2,y\n"],
    ["with a byte order mark before a quote", '\ufeff"a",b\n1,x\n2,y\n'],
    ["with quotes around everything", '"a","b"\n"1","x"\n"2","y"\n'],
    ["with blanks behind quotes", 'a,b\n1,"x" \n2,"y"\t\n'],
    ["with blanks behind the last quote", 'a,b\n1,"x" \n2,"y"\t'],
    ["with blank lines", "a,b\n\n1,x\n\n\n2,y\n\n"],
    ["with blanks around numbers", "a,b\n 1 ,x\n\t2,y\n"],
    ["with another delimiter", "a;b\n1;x\n2;y\n", { delimiter: ";" }],
    ["with tabs", "a\tb\n1\tx\n2\ty\n", { delimiter: "\t" }],
  ];
  it.each(same.map(([what, text, options = {}]) => [what, text, options] as const))(
    "accepts CSV %s",
    async (_, text, options) => {
      const want = { a: [1, 2], b: ["x", "y"] };
      expect(columnsOf(parseCsv(text, options))).toEqual(want);
      expect(columnsOf(await readCsv(written(text), options))).toEqual(want);
    },
  );

  it("a CSV file with one column has a row for every line, including empty ones", async () => {
    const options = { missing: [""] };
    for (const [text, want] of [
      ["a\n1\n\n2\n", [1, Number.NaN, 2]],
      ["a\n1\n\n", [1, Number.NaN]],
      ["a\n1\n", [1]],
      ["a\n", []],
      ["a", []],
    ] as const) {
      expect(columnsOf(parseCsv(text, options))).toEqual({ a: want });
      expect(columnsOf(await readCsv(written(text), options))).toEqual({ a: want });
    }
  });

  it("CSV columns keep names such as __proto__, and their order", () => {
    const table = parseCsv("__proto__,2,1,constructor,\n1,2,3,4,5\n");
    expect([...table.columns.keys()]).toEqual(["__proto__", "2", "1", "constructor", ""]);
    expect([...table.column("__proto__")]).toEqual([1]);
    expectError(() => table.column("toString"), "INVALID_ARGUMENT");
  });

  it("CSV columns are read as the given types", () => {
    const table = parseCsv("id,zip,x\n1,01234,0.1\n2,89073,0.2\n", {
      numbers: "float32",
      columns: { id: "float64", zip: "string" },
    });
    expect(table.column("id")).toEqual(new Float64Array([1, 2]));
    expect(table.column("zip")).toEqual(["01234", "89073"]);
    expect(table.column("x")).toEqual(new Float32Array([0.1, 0.2]));
  });

  it("missing CSV cells become NaN on request", () => {
    const text = "a,b,c,d\n,x,NA,\n-999,,NA,\n3,NA,NA,\n";
    const table = parseCsv(text, { missing: ["", "NA", "-999"] });
    expect(columnsOf(table)).toEqual({
      a: [Number.NaN, Number.NaN, 3],
      b: ["x", "", "NA"],
      c: [Number.NaN, Number.NaN, Number.NaN],
      d: [Number.NaN, Number.NaN, Number.NaN],
    });
    // Columns without an option: strings, if there is no number to decide by.
    expect(columnsOf(parseCsv(text, { columns: { a: "string" } })).d).toEqual(["", "", ""]);
  });

  it("CSV cells keep line breaks, quotes and long strings", () => {
    const long = "long text, ".repeat(100);
    const table = parseCsv(`a,b\n"x\r\ny","${long}"\n"""",\ud800\n`);
    expect(columnsOf(table)).toEqual({ a: ["x\ny", '"'], b: [long, "\ud800"] });
  });
});

describe("invalid CSV files", () => {
  const wrong: readonly (readonly [what: string, text: string, message: string, options?: CsvOptions])[] = [
    ["nothing", "", "the header is missing: the file is empty"],
    ["a byte order mark alone", "\ufeff", "the header is missing: the file is empty"],
    ["an empty first line", "\n\na,b\n", "the header is missing: the first line is empty"],
    ["a name twice", "a,b,a\n", 'the header has "a" twice'],
    ["a short row", "a,b,c\n1,2,3\n4,5\n", "line 3 has 2 cells, expected 3 as in the header"],
    ["a long row", "a\n1\n2,3\n", "line 3 has 2 cells, expected 1 as in the header"],
    [
      "a short row behind cells of several lines",
      'a,b\n"x\r\ny\n",1\n\n2\n',
      "line 6 has 1 cell, expected 2 as in the header",
    ],
    ["a text among numbers", "a,b\n1,2\n1,12.5x\n", 'line 3: column "b" has "12.5x", which is not a number'],
    ["an empty cell", "a,b\n1,2\n1, \n", 'line 3: column "b" is empty; expected a number'],
    ["an empty cell in front", "a,b\n,1\n2,1\n", 'line 2: column "a" is empty; expected a number'],
    [
      "a missing cell of a column of numbers",
      "a,b\n,1\n",
      'line 2: column "a" is empty; expected a number',
      { columns: { a: "float32" } },
    ],
    ["NaN", "a\n1\nNaN\n", 'line 3: column "a" has "NaN", which is not a number'],
    ["a hexadecimal number", "a\n1\n0x10\n", 'line 3: column "a" has "0x10", which is not a number'],
    ["thousands", 'a\n1\n"1,000"\n', 'line 3: column "a" has "1,000", which is not a number'],
    ["a number beyond float64", "a\n1e999\n", 'line 2: column "a" has "1e999", which does not fit float64'],
    [
      "a number beyond float32",
      "a\n1e39\n",
      'line 2: column "a" has "1e39", which does not fit float32',
      { numbers: "float32" },
    ],
    ["a quote that is not closed", 'a,b\n1,2\n1,"x\ny\n', "line 3 has an unterminated quoted cell"],
    ["text behind a quote", 'a,b\n1,"x"y\n1,2\n', "line 2 has characters after the closing quote of a cell"],
    ["a name that acts on terminals", "\u202ea\n1\nx\n", 'line 3: column "\\u{202e}a" has "x", which is not a number'],
  ];
  it.each(wrong.map(([what, text, message, options = {}]) => [what, text, message, options] as const))(
    "rejects invalid CSV: %s",
    async (_, text, message, options) => {
      expect(expectError(() => parseCsv(text, options), "CSV_INVALID").rawMessage).toBe(message);
      const path = written(text);
      expect((await expectRejection(readCsv(path, options), "CSV_INVALID")).rawMessage).toBe(`${path}: ${message}`);
    },
  );

  it("rejects a CSV file that is not UTF-8", async () => {
    for (const bytes of [Buffer.from("a\ngr\xf6\xdfe\n", "latin1"), Buffer.from("\ufeffa\n1\n", "utf16le")]) {
      await expectRejection(readCsv(written(bytes)), "INVALID_UTF8");
    }
    await expectRejection(readCsv(written(Buffer.from([0x61, 0x0a, 0xc3]))), "INVALID_UTF8");
  });

  it("rejects a CSV file that cannot be read", async () => {
    expect((await expectRejection(readCsv("missing.csv"), "READ_FAILED")).message).toContain("missing.csv cannot be");
    await expectRejection(readCsv(tempFolder()), "READ_FAILED");
    for (const path of ["", new URL("https://example.com/data.csv"), 7 as never]) {
      await expectRejection(readCsv(path), "INVALID_ARGUMENT");
    }
    expectError(() => parseCsv(Buffer.from("a") as never), "INVALID_ARGUMENT");
  });

  it.each<object>([
    { delimeter: ";" },
    { delimiter: "" },
    { delimiter: ", " },
    { delimiter: '"' },
    { numbers: "int32" },
    { missing: "NA" },
    { columns: { a: "int32" } },
    { columns: [] },
    { columns: { b: "string" } },
  ])("rejects CSV options %j", async (options) => {
    expectError(() => parseCsv("a\n1\n", options), "INVALID_OPTION");
    await expectRejection(readCsv(written("a\n1\n"), options), "INVALID_OPTION");
  });
});

describe("a large CSV file", () => {
  const rows = 60_000;
  function* lines(): Generator<string> {
    yield '\ufeffnumber,"text, quoted",half\r\n';
    for (let row = 0; row < rows; row++) yield `${row},"größe ""${row}"" 👋\r\nand more of it",${row / 2}\r\n`;
  }

  it("reads a large CSV file in chunks, wherever they split it", async () => {
    const path = join(tempFolder(), "data.csv");
    await pipeline(Readable.from(lines()), createWriteStream(path));
    const table = await readCsv(path);
    expect(table.rows).toBe(rows);
    expect(table.column("number")).toEqual(Float64Array.from({ length: rows }, (_, row) => row));
    expect(table.column("text, quoted")).toEqual(
      Array.from({ length: rows }, (_, row) => `größe "${row}" 👋\nand more of it`),
    );
    expect(columnsOf(parseCsv([...lines()].join("")))).toEqual(columnsOf(table));
  });

  it("reports the line of an error at the end of a large CSV file", async () => {
    const path = join(tempFolder(), "data.csv");
    await pipeline(Readable.from([...lines(), "x,y,1\n"]), createWriteStream(path));
    const { message } = await expectRejection(readCsv(path), "CSV_INVALID");
    expect(message).toContain(`line ${2 * rows + 2}: column "number" has "x"`);
  });

  it("does not keep a large CSV file with an unclosed quote in memory", async () => {
    const text = `a,b\n1,2\n3,"${"4,5\n".repeat(6_000_000)}`;
    const message = "line 3 begins a row that does not end within 16 million characters";
    expect(expectError(() => parseCsv(text), "CSV_INVALID").rawMessage).toBe(message);
    expect((await expectRejection(readCsv(written(text)), "CSV_INVALID")).rawMessage).toContain(message);
  });
});

describe("a table", () => {
  const table = parseCsv("length,width,species\n1,2,a\n3,4.5,b\n5,6,größe\n");

  it("a table combines columns into a tensor", () => {
    const both = table.tensor("float32", "length", "width");
    expect(`${both}`).toBe("float32 [3, 2]");
    expect(both.toArray()).toEqual([
      [1, 2],
      [3, 4.5],
      [5, 6],
    ]);
    expect(table.tensor("float64", "width", "length").toArray()[1]).toEqual([4.5, 3]);
    expect(table.tensor("int64", "length").toArray()).toEqual([[1n], [3n], [5n]]);
    expect(table.tensor("float16", "width").toArray()).toEqual([[2], [4.5], [6]]);
    expect(table.tensor("string", "species").toArray()).toEqual([["a"], ["b"], ["größe"]]);
    expect(`${parseCsv("a,b\n").tensor("float32", "a", "b")}`).toBe("float32 [0, 2]");
  });

  it("a table returns independent tensors", () => {
    const tensor = table.tensor("float64", "length");
    tensor.data.fill(0);
    expect([...table.column("length")]).toEqual([1, 3, 5]);
  });

  it("a table has typed tensors", () => {
    const sizes: readonly [number, 2] = table.tensor("float32", "length", "width").shape;
    // @ts-expect-error: two columns, not three
    const wrong: readonly [number, 3] = table.tensor("float32", "length", "width").shape;
    expect([sizes, wrong]).toEqual([
      [3, 2],
      [3, 2],
    ]);
  });

  it("a table rejects unknown columns", () => {
    const message = (run: () => unknown, code: Parameters<typeof expectError>[1]): string =>
      expectError(run, code).message.slice(code.length + 2);
    expect(message(() => table.column("lenght"), "INVALID_ARGUMENT")).toBe(
      'the table has no column "lenght". Did you mean "length"?',
    );
    expect(message(() => table.tensor("float32", "price"), "INVALID_ARGUMENT")).toBe(
      'the table has no column "price". Its columns: "length", "width", "species".',
    );
    expect(message(() => table.tensor("float32", "species"), "INVALID_DTYPE")).toBe(
      'column "species" has strings, not numbers: line 2 has "a". oneHot() turns labels into numbers.',
    );
    expect(message(() => table.tensor("string", "width"), "INVALID_DTYPE")).toBe(
      'column "width" has numbers, not strings. Read it as strings: { columns: { "width": "string" } }.',
    );
    expect(message(() => table.tensor("int32", "width"), "NOT_AN_INTEGER")).toBe(
      'column "width" at [1] is 4.5, which is not an integer',
    );
    expectError(() => parseCsv("a\n300\n").tensor("int8", "a"), "OUT_OF_RANGE");
    expectError(() => parseCsv("a\n1e39\n").tensor("float32", "a"), "OUT_OF_RANGE");
    expectError(() => table.tensor("float" as never, "width"), "INVALID_DTYPE");
    expectError(() => (table.tensor as (dtype: string) => unknown).call(table, "float32"), "INVALID_ARGUMENT");
  });
});

it("a table is printed by its first and last rows, as wide as a terminal", () => {
  const lines = Array.from({ length: 20 }, (_, row) => `${row / 4},name ${row},${"x".repeat(30)},${row},${row},last`);
  const table = parseCsv(["size,name,text,a,b,c", ...lines].join("\n"));
  expect(inspect(table, { breakLength: 53 }).split("\n")).toEqual([
    "Table: 20 rows, 6 columns",
    "size  name     text                        a   b  …",
    "   0  name 0   xxxxxxxxxxxxxxxxxxxxxxxx…   0   0  …",
    "0.25  name 1   xxxxxxxxxxxxxxxxxxxxxxxx…   1   1  …",
    " 0.5  name 2   xxxxxxxxxxxxxxxxxxxxxxxx…   2   2  …",
    "0.75  name 3   xxxxxxxxxxxxxxxxxxxxxxxx…   3   3  …",
    "   1  name 4   xxxxxxxxxxxxxxxxxxxxxxxx…   4   4  …",
    "   …  …        …                           …   …  …",
    "4.25  name 17  xxxxxxxxxxxxxxxxxxxxxxxx…  17  17  …",
    " 4.5  name 18  xxxxxxxxxxxxxxxxxxxxxxxx…  18  18  …",
    "4.75  name 19  xxxxxxxxxxxxxxxxxxxxxxxx…  19  19  …",
  ]);
  expect(inspect(parseCsv("a\n1\n"))).toBe("Table: 1 row, 1 column\na\n1");
});

it("reads back what is written as CSV", async () => {
  const path = join(tempFolder(), "data.csv");
  const quoted = (cell: string): string => `"${cell.replaceAll('"', '""')}"`;
  const cell = fc.record({ text: fc.string(), number: fc.double({ noNaN: true, noDefaultInfinity: true }) });
  await fc.assert(
    fc.asyncProperty(fc.array(cell), fc.constantFrom(",", ";", "|"), async (rows, delimiter) => {
      const lines = rows.map(({ text, number }) => `${quoted(text)}${delimiter}${number}`);
      const content = [`text${delimiter}number`, ...lines].join("\r\n");
      const options = { delimiter, columns: { text: "string", number: "float64" } } as const;
      const want = {
        text: rows.map(({ text }) => text.replaceAll(/\r\n?/g, "\n")),
        number: rows.map(({ number }) => number),
      };
      expect(columnsOf(parseCsv(content, options))).toEqual(want);
      writeFileSync(path, content);
      expect(columnsOf(await readCsv(path, options))).toEqual(want);
    }),
    { numRuns: 200, seed: 1 },
  );
});
