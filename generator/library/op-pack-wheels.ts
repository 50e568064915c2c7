import { basename } from "node:path";
import { minorVersion } from "../../runtime/engines/local/library/op-pack.js";
import type { ChooseEntry } from "./wheel.js";

/** A package and versions of it, as pip reads them. */
interface WheelOfPack {
  readonly package: string;
  readonly versions: string;
}

const FORESTS = "tensorflow-decision-forests";

/** The versions of tensorflow-decision-forests for older TensorFlows. For 2.18 and newer, ydf-tf has TensorFlow's version. */
const FOREST_VERSIONS: Readonly<Record<string, string>> = {
  "2.12": "1.4",
  "2.13": "1.5",
  "2.14": "1.7",
  "2.15": "1.8",
  "2.16": "1.9",
  "2.17": "1.10",
};

/** Returns the wheel that has a pack's operations for a version of TensorFlow. */
export function wheelOfPack(pack: string, tensorflow: string): WheelOfPack {
  const minor = minorVersion(tensorflow);
  if (pack !== FORESTS) return { package: pack, versions: `~=${minor}.0` };
  const older = FOREST_VERSIONS[minor];
  return older === undefined
    ? { package: "ydf-tf", versions: `~=${minor}.0` }
    : { package: FORESTS, versions: `~=${older}.0` };
}

/** Returns the pack that a wheel has the operations of, by the name of its package. */
export function packOfPackage(name: string): string {
  return name === "ydf-tf" ? FORESTS : name;
}

/** Returns the minor version of TensorFlow that a wheel is for: the one that it requires, or else its own. */
export function tensorflowOf(metadata: string, version: string): string {
  const required = /^Requires-Dist: *tensorflow *\(?(?:~=|==) *(\d+\.\d+)/m.exec(metadata)?.[1];
  return required ?? minorVersion(version);
}

/** Chooses the libraries of operations; those of `core/pybinds` are for Python, and forests are not trained here. */
export const chooseOps: ChooseEntry = (entryName) => {
  if (/^[^/]+\.dist-info\/METADATA$/.test(entryName)) return "METADATA";
  if (/^[^/]+\.dist-info\/(?:licenses\/)?LICENSE$/.test(entryName)) return "LICENSE";
  return /^tensorflow_text\/python\/(ops|metrics)\/_\w+\.so$/.test(entryName) ||
    /^(ydf_tf|tensorflow_decision_forests\/tensorflow\/ops\/inference)\/inference\.so$/.test(entryName)
    ? basename(entryName)
    : undefined;
};
