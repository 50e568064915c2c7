import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import { encodeNpy, type Tensor } from "../../runtime/index.js";
import { tempFolder } from "./temp.js";

export const ROWS: number = 70;
export const POINTS: readonly (readonly [number, number])[] = Array.from({ length: ROWS }, (_, row) => [
  (row % 8) / 8,
  Math.floor(row / 8) / 8,
]);
export const HEIGHTS: readonly number[] = POINTS.map(([a, b]) => 2 * a - 3 * b + 1);

/** A folder with `plane.csv`: its rows are points of the plane y = 2a - 3b + 1, and an unused string. */
export function planeFolder(): string {
  const folder = tempFolder();
  const lines = POINTS.map(([a, b], row) => `${a},"${row % 3 === 0 ? "" : "a, b"}",${b},${HEIGHTS[row]}`);
  writeFileSync(join(folder, "plane.csv"), `${["a,note,b,y", ...lines].join("\n")}\n`);
  return folder;
}

/** A `.npz` file as `numpy.savez` writes it: a ZIP archive without compression. */
export function npzArchive(arrays: Readonly<Record<string, Tensor>>): Buffer {
  const files = Object.entries(arrays).map(([name, tensor]) => ({ name: `${name}.npy`, bytes: encodeNpy(tensor) }));
  const [bodies, directory]: [Buffer[], Buffer[]] = [[], []];
  let offset = 0;
  for (const { name, bytes } of files) {
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt32LE(crc32(bytes), 10);
    fields.writeUInt32LE(bytes.length, 14);
    fields.writeUInt32LE(bytes.length, 18);
    fields.writeUInt16LE(name.length, 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    const body = Buffer.concat([Buffer.from("PK\x03\x04"), fields, Buffer.from(name), bytes]);
    bodies.push(body);
    directory.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\x00"), fields, tail, Buffer.from(name)]));
    offset += body.length;
  }
  const entries = Buffer.concat(directory);
  const end = Buffer.alloc(22, 0);
  end.write("PK\x05\x06");
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(entries.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, entries, end]);
}

/** A place without the library: errors that occur nevertheless are thrown before TensorFlow is loaded. */
export const NO_LIBRARY: Readonly<Record<"SAVEDMODEL_TENSORFLOW", string>> = {
  SAVEDMODEL_TENSORFLOW: fileURLToPath(new URL("no-such-library", import.meta.url)),
};
