import { closeSync, existsSync, openSync, readdirSync, readSync, type Stats, statSync } from "node:fs";
import { basename, join } from "node:path";
import { compareNatural, printable } from "../../base/text.js";

/** A format that is not a SavedModel, and how to make one of it. */
export interface ForeignFormat {
  /** `a Keras model (.keras)` */
  readonly what: string;
  /** One or two sentences. */
  readonly fix: string;
}

const LOAD_KERAS = 'keras.models.load_model(path).export("folder")';
const KERAS: ForeignFormat = {
  what: "a Keras model in a single file",
  fix: `Export it in Python: \`${LOAD_KERAS}\`.`,
};
const KERAS_WEIGHTS: ForeignFormat = {
  what: "a file of Keras weights",
  fix: 'In Python, build the model, call `model.load_weights(path)` and export it: `model.export("folder")`.',
};
const CHECKPOINT: ForeignFormat = {
  what: "a checkpoint, which has the variables of a model but no graph",
  fix: "Load the SavedModel that it belongs to, and pass the checkpoint to its restore().",
};
const META_GRAPH: ForeignFormat = {
  what: "the graph of a TensorFlow 1 checkpoint (.meta)",
  fix: "In Python, restore it with `tf.compat.v1.train.import_meta_graph` and save it with `tf.compat.v1.saved_model.simple_save`.",
};
const FROZEN_GRAPH: ForeignFormat = {
  what: "a graph in a single file",
  fix: "If it is the saved_model.pb of a SavedModel, pass the folder that holds it. A frozen graph is imported in Python with `tf.compat.v1.import_graph_def`, and saved with `tf.compat.v1.saved_model.simple_save`.",
};
const TFLITE: ForeignFormat = {
  what: "a TensorFlow Lite model",
  fix: "It cannot be converted back: export the model that it was made of as a SavedModel.",
};
const TFJS: ForeignFormat = {
  what: "a TensorFlow.js model",
  fix: "Export the model that it was made of as a SavedModel, or convert it with `tensorflowjs_converter --output_format=keras_saved_model`.",
};
const OTHER_FRAMEWORK = (name: string): ForeignFormat => ({
  what: `a model of ${name}`,
  fix: "This package runs TensorFlow SavedModels: convert it to one.",
});

/** By the end of the name, longest first. */
const BY_NAME: readonly (readonly [RegExp, ForeignFormat])[] = [
  [/\.weights\.h5$/, KERAS_WEIGHTS],
  [/\.(keras|h5|hdf5)$/, KERAS],
  [/\.meta$/, META_GRAPH],
  [/\.(index|data-\d+-of-\d+|ckpt)$/, CHECKPOINT],
  [/\.tflite$/, TFLITE],
  [/\.onnx$/, OTHER_FRAMEWORK("ONNX")],
  [/\.(pt|pth|safetensors)$/, OTHER_FRAMEWORK("PyTorch or Hugging Face")],
  [/\.npz$/, { what: "a file of NumPy arrays", fix: "Export the model that has these weights as a SavedModel." }],
  [/\.(pb|pbtxt)$/, FROZEN_GRAPH],
];

/** Formats by the first bytes of a file, whatever its name. */
const BY_CONTENT: readonly (readonly [offset: number, bytes: string, ForeignFormat])[] = [
  [0, "\x89HDF\r\n\x1a\n", KERAS],
  [4, "TFL3", TFLITE],
];

/**
 * Returns the format of a path that is not a SavedModel, if it is known: by its contents, by its name, or by files
 * whose names begin with it.
 */
export function foreignFormat(path: string): ForeignFormat | undefined {
  const stat = look(path);
  if (stat === undefined) return existsSync(`${path}.index`) || existsSync(`${path}.meta`) ? CHECKPOINT : undefined;
  if (stat.isDirectory()) return formatOfFolder(path);
  if (!stat.isFile()) return undefined;
  const name = basename(path).toLowerCase();
  if (name === "saved_model.pb") return undefined;
  const byName = BY_NAME.find(([end]) => end.test(name))?.[1];
  if (byName === KERAS_WEIGHTS) return byName;
  const head = headOf(path);
  const byContent = BY_CONTENT.find(([offset, bytes]) => head.startsWith(bytes, offset))?.[2];
  return byContent ?? byName;
}

function formatOfFolder(folder: string): ForeignFormat | undefined {
  const has = (name: string): boolean => existsSync(join(folder, name));
  if (has("model.weights.h5") && has("config.json")) return KERAS;
  if (has("model.json")) return TFJS;
  const names = namesIn(folder);
  if (names.includes("checkpoint") || names.some((name) => name.endsWith(".index"))) {
    return { ...CHECKPOINT, what: "a folder of checkpoints, which have the variables of a model but no graph" };
  }
  const file = names.find((name) => BY_NAME.some(([end]) => end.test(name.toLowerCase())));
  const format = file === undefined ? undefined : foreignFormat(join(folder, file));
  return format && { what: `a folder with ${format.what} (${printable(file ?? "")})`, fix: format.fix };
}

/** Returns the status of a path, if there is anything: a path may be too long, or lead through a file. */
export function look(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** The names in a folder in natural order; none where it cannot be read. */
export function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort(compareNatural);
  } catch {
    return [];
  }
}

/** The first bytes of a file, one character each; empty where it cannot be read. */
function headOf(path: string): string {
  const bytes = Buffer.alloc(16);
  try {
    const file = openSync(path, "r");
    try {
      return bytes.toString("latin1", 0, readSync(file, bytes));
    } finally {
      closeSync(file);
    }
  } catch {
    return "";
  }
}
