import { CustomModel } from "./generated/custom-model.js";

using model = CustomModel.load();
console.log("prediction", model.pred([[1, 1]]).item());

for (let step = 1; step <= 5; step++) {
  console.log("loss", model.train([[1, 1]], [[2]]));
}
console.log("prediction", model.pred([[1, 1]]).item());

// Another process, or TensorFlow in Python, can continue from the trained model.
const folder = process.argv[2] ?? "build/trained";
model.save(folder);

using trained = CustomModel.load(folder);
console.log("prediction", trained.pred([[1, 1]]).item());
