import { createHash } from "node:crypto";
import { relative, resolve, sep } from "node:path";
import { printStructure, type SourceFileStructure, StructureKind } from "ts-morph";
import { checkOptions } from "../../runtime/base/check-options.js";
import { SavedModelError } from "../../runtime/base/errors.js";
import { packageOf } from "../../runtime/base/package-folder.js";
import { quote } from "../../runtime/base/text.js";
import { describe, type InspectOptions } from "../../runtime/saved-model/describe.js";
import { toPath } from "../../runtime/saved-model/files/locate-model.js";
import { isOpPack } from "../../runtime/saved-model/graph/op-packages.js";
import type { ModelInfo } from "../../runtime/saved-model/model-info.js";
import type { ExampleFeature, SignatureInfo } from "../../runtime/saved-model/signature-info.js";
import { signatureNotFound } from "../../runtime/saved-model/signature-not-found.js";
import { sourceFileTemplate } from "../../templates/source-file.js";
import { type NamedModel, nameModel } from "../client/name-model.js";
import { requireClientSize } from "./client-size.js";
import { wrapLongLines } from "./wrap-lines.js";

/** Options of {@link generate}. */
export interface GenerateOptions extends InspectOptions {
  /** Name of the class; made from the folder's name by default. */
  readonly className?: string;
  /** Keys of the signatures that become methods; all by default. */
  readonly signatures?: readonly string[];
  /** Keys of deprecated signatures, each with its replacement: see `@deprecated` of TSDoc. */
  readonly deprecated?: Readonly<Record<string, string>>;
  /**
   * Libraries of custom operations that the client loads by default: names of installed packs, such as `tensorflow-text`,
   * and files, relative to the working directory.
   */
  readonly opLibraries?: readonly string[];
  /** Folder that the file is meant for: paths in it are relative to the package around that folder. */
  readonly outputFolder?: string;
}

/** A generated client, not yet written anywhere. */
export interface GeneratedClient {
  readonly className: string;
  /** `custom-model.ts` */
  readonly fileName: string;
  readonly text: string;
  /** Methods of the class, one per signature. */
  readonly methods: readonly string[];
  /** Interfaces that the file exports, in its order. */
  readonly types: readonly string[];
  /** Sentences about renamed and omitted names. */
  readonly notes: readonly string[];
  readonly description: ModelInfo;
}

/**
 * Generates the client of a SavedModel. The same model gives the same code every time, on every machine.
 *
 * @throws SavedModelError the codes of {@link inspect}; `INVALID_OPTION` for an invalid class name,
 * `SIGNATURE_NOT_FOUND` for a key that the model does not have, `MODEL_TOO_LARGE` for a model of more than 3,000
 * signatures, 2,000 inputs in one of them, or 50,000 inputs, outputs and features in total
 */
export function generate(directory: string, options: GenerateOptions = {}): GeneratedClient {
  checkOptions("generate()", options, ["className", "deprecated", "opLibraries", "outputFolder", "signatures", "tags"]);
  const all = describe(toPath(directory), options.tags, "generate()");
  const deprecated = deprecations(options.deprecated, all);
  const described = select(all, options.signatures);
  const inPackage = (path: string): string => relativeToPackage(path, options.outputFolder ?? ".");
  const description = { ...described, directory: inPackage(directory) };
  const opLibraries = checkedLibraries(options.opLibraries).map((name) => (isOpPack(name) ? name : inPackage(name)));
  requireClientSize(description);
  return print(nameModel(description, options.className, deprecated, opLibraries));
}

/** A model as its server describes it. */
export interface ServedModel {
  /** Name of the model on the server. */
  readonly model: string;
  /** Kind of the server: `TensorFlow Serving`. */
  readonly server: string;
  readonly signatures: readonly SignatureInfo[];
}

/**
 * Generates the client of a served model, whose `load` has no default folder.
 *
 * @throws SavedModelError `INVALID_OPTION` for an invalid class name, `SIGNATURE_NOT_FOUND`, `MODEL_TOO_LARGE`
 */
export function generateServed(
  { model, server, signatures }: ServedModel,
  { className, signatures: keys }: Pick<GenerateOptions, "className" | "signatures"> = {},
): GeneratedClient {
  const described: ModelInfo = {
    formatVersion: 1,
    directory: model,
    // TensorFlow Serving loads no others by default.
    tags: ["serve"],
    tagSets: [],
    tensorflowVersion: "",
    operations: [],
    unknownOperations: [],
    operationsWithoutKernel: [],
    variables: [],
    assets: [],
    signatures,
  };
  const description = select(described, keys);
  requireClientSize(description);
  return print({ ...nameModel(description, className), server });
}

function print(model: NamedModel): GeneratedClient {
  const { className, description, fileName, notes } = model;
  const structure = sourceFileTemplate(model, fingerprint(description));
  const text = printStructure(structure, { indentNumberOfSpaces: 2, newLine: "\n" });
  const methods = model.signatures.map(({ method }) => method);
  return {
    className,
    fileName,
    text: wrapLongLines(text),
    methods,
    types: interfacesIn(structure),
    notes,
    description,
  };
}

function interfacesIn({ statements }: SourceFileStructure): readonly string[] {
  if (!Array.isArray(statements)) throw new Error("unreachable");
  return statements.flatMap((statement) =>
    typeof statement === "object" && statement.kind === StructureKind.Interface ? [statement.name] : [],
  );
}

/** Returns the description with these signatures only. */
function select(description: ModelInfo, keys: readonly string[] | undefined): ModelInfo {
  if (keys === undefined) return description;
  const known = new Set(description.signatures.map(({ key }) => key));
  const wanted = new Set(keys);
  const unknown = keys.find((key) => !known.has(key));
  if (unknown === undefined) {
    return { ...description, signatures: description.signatures.filter(({ key }) => wanted.has(key)) };
  }
  throw signatureNotFound(unknown, [...known]);
}

function checkedLibraries(libraries: GenerateOptions["opLibraries"] = []): readonly string[] {
  if (Array.isArray(libraries) && libraries.every((path) => typeof path === "string" && path !== "")) return libraries;
  throw new SavedModelError("INVALID_OPTION", "generate(): opLibraries must be an array of paths or names of packs");
}

/** Returns the deprecation messages, by the keys of signatures. */
function deprecations(
  deprecated: GenerateOptions["deprecated"] = {},
  { signatures }: ModelInfo,
): ReadonlyMap<string, string> {
  const known = new Set(signatures.map(({ key }) => key));
  for (const [key, instead] of Object.entries(deprecated)) {
    if (!known.has(key)) throw signatureNotFound(key, [...known]);
    if (typeof instead === "string") continue;
    throw new SavedModelError("INVALID_OPTION", `generate(): deprecated[${quote(key)}] must be a string`);
  }
  return new Map(Object.entries(deprecated));
}

/** Returns a hash over names, dtypes and shapes of signatures, not over names of tensors. */
function fingerprint({ signatures }: ModelInfo): string {
  const meaning = signatures.map(({ key, inputs, outputs }) => [
    key,
    inputs.map(({ key, argument, dtype, shape, optional, example }) => [
      // A made-up key may be another one in the next export of the same model.
      argument ?? key,
      dtype,
      shape,
      optional ?? false,
      ...meaningOf(example),
    ]),
    outputs.map(({ key, dtype, shape }) => [key, dtype, shape]),
  ]);
  return `sha256:${createHash("sha256").update(JSON.stringify(meaning)).digest("hex").slice(0, 16)}`;
}

/** Returns the properties of an input's examples that a client depends on; empty for any other input. */
function meaningOf(example: readonly ExampleFeature[] | undefined): readonly unknown[] {
  if (example === undefined) return [];
  return [example.map(({ key, dtype, kind, shape, optional }) => [key, dtype, kind, shape, optional ?? false])];
}

/** Returns the model's folder relative to the package of the output, so that the code is the same on every machine. */
function relativeToPackage(directory: string, outputFolder: string): string {
  const root = packageOf(outputFolder) ?? process.cwd();
  return relative(root, resolve(directory)).split(sep).join("/") || ".";
}
