import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { savedmodel } from "../../support/cli.js";
import { golden } from "../../support/language-service.js";
import { modelFolder, tempFolder } from "../../support/temp.js";

const COMMANDS = [
  "install",
  "inspect",
  "init",
  "generate",
  "watch",
  "check",
  "run",
  "train",
  "plot",
  "worker",
  "doctor",
];
const MODELS = ["custom_model", "counter", "dtypes", "example", "keras3", "regression", "text"];
const DEEP = "packages/shop/src/generated/models";

/** Command lines, one after another in one folder; the words are separated by single spaces. */
const SESSIONS: Readonly<Record<string, readonly string[]>> = {
  help: ["--help", ...COMMANDS.map((command) => `${command} --help`)],
  inspect: [
    "inspect models/custom_model",
    "inspect models/example",
    "inspect models/keras3",
    "inspect models/text",
    "inspect models/dtypes",
  ],
  project: [
    "init",
    "init",
    "check",
    "generate --dry-run",
    `generate models/dtypes models/text -o ${DEEP} --index`,
    `generate models/dtypes models/text -o ${DEEP}`,
    `check models/dtypes --class-name Numbers -o ${DEEP}`,
    `check models/text -o ${DEEP}`,
  ],
  run: [
    "run models/counter --signature increment --input by=2.5",
    'run models/text --signature describe --input texts=["a","long"] --input uppercase=true --input repeat=1',
    "run models/dtypes --signature float32 --input x=[0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9,1,1.1,1.2,1.3,1.4,1.5,1.6]",
    "run models/dtypes --signature int64 --input x=[1,2] --output results/of/int64/y.npy --output results/of/int64/all.json",
  ],
  mistakes: [
    "inspekt",
    "inspect",
    "inspect --jsn models/counter",
    "watch models/counter",
    "inspect models/cuonter",
    "inspect models",
    "inspect models/counter --tags serve,gpu",
    "generate models/counter --class-name class",
    "generate models/counter --clean",
    "run models/counter",
    "run models/counter --signature incremnt",
    "run --connect localhost:8500/counter",
    "generate models/counter --from serving+grpc://localhost:8500/counter",
    "run models/counter --signature increment --input by=two",
    "run models/dtypes --signature matrix --input x=[[1,2]]",
    "run models/dtypes --signature int64 --input x=[1] --output y.npz",
    "train models/regression --save out",
    "train models/regression --data rows.csv --save out",
    "train models/regression --data rows.csv --save out --input x=a,d --input target=c --constant learning_rate=0.1",
    "train models/regression --data rows.csv --save out --epochs many",
    "plot nowhere.json -o loss.svg",
    "plot package.json -o loss.svg",
    "install --version newest",
  ],
};

/** Returns the output of these command lines, with their exit codes. */
function transcript(lines: readonly string[], variables: Readonly<Record<string, string>>): string {
  const folder = tempFolder();
  for (const name of MODELS) cpSync(modelFolder(name), join(folder, "models", name), { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
  writeFileSync(join(folder, "rows.csv"), "a,b,c\n1,2,3\n");
  const texts = lines.map((line) => {
    const { status, stdout, stderr } = savedmodel(line.split(" "), folder, variables);
    const parts = [stdout, stderr === "" ? "" : `(standard error)\n${stderr}`, `(exit code ${status})\n`];
    return `$ savedmodel ${line}\n${parts.join("")}`;
  });
  return texts.join("\n").replaceAll("\u001b", "␛");
}

function expectGolden(name: string, actual: string): void {
  expect(actual).toBe(golden(new URL(`terminal/${name}.golden.txt`, import.meta.url), actual));
}

describe.each([80, 120])("at %i columns", (width) => {
  it.each(Object.entries(SESSIONS))("%s prints the contents of its golden file", (name, lines) => {
    const text = transcript(lines, { COLUMNS: `${width}` });
    expectGolden(`${name}-${width}`, text);
    const printed = text.split("\n").filter((line) => !line.startsWith("$ "));
    // An unbreakable word may be wider, and is alone on its line.
    expect(printed.filter((line) => stringWidth(line) > width && !/^\s*\S+$/.test(line))).toEqual([]);
    expect(printed.filter((line) => /\s$/.test(line))).toEqual([]);
  });
});

it("uses colors only where they are wanted", () => {
  const lines = [
    "inspect models/custom_model",
    "inspect models/dtypes",
    "generate models/dtypes -o out",
    "generate models/dtypes -o out",
    "check models/text -o out",
    "run models/counter --signature increment --input by=2.5",
    "run models/counter",
    "inspekt",
    "plot --help",
  ];
  const coloured = transcript(lines, { COLUMNS: "80", FORCE_COLOR: "1" });
  expectGolden("colour-80", coloured);
  expect(coloured.replaceAll(/␛\[[0-9]+m/g, "")).toBe(transcript(lines, { COLUMNS: "80" }));
  expect(transcript(lines, { COLUMNS: "80", FORCE_COLOR: "1", NO_COLOR: "1" })).not.toContain("␛");
});

it("without a width, messages are one line and help has 80 columns", () => {
  const folder = tempFolder();
  const { stderr } = savedmodel(["generate"], folder);
  expect(stderr).toMatch(/^error INVALID_OPTION: .{100,}\n$/);
  const help = ["generate", "--help"];
  expect(savedmodel(help, folder).stdout).toBe(savedmodel(help, folder, { COLUMNS: "80" }).stdout);
});
