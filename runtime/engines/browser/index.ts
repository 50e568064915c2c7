/**
 * The run time of generated clients in browsers and edge runtimes: clients of engines on servers, and fakes. A model is loaded
 * in Node.js only.
 *
 * @module
 */

export { SavedModelError } from "../../base/errors.js";
export { TensorFlowError } from "../../base/tensorflow-error.js";
export { Model } from "../../model.js";
export { RaggedTensor } from "../../tensor/ragged-tensor.js";
export { SparseTensor } from "../../tensor/sparse-tensor.js";
export { Tensor } from "../../tensor/tensor.js";
