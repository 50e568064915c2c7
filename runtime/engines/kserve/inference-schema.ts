// Compiled from inference.proto by `npm run proto`. Do not edit.
export const inferenceSchema = {
  ServerReadyResponse: {
    fields: {
      ready: { type: "bool", id: 1 },
    },
  },
  Empty: {
    fields: {},
  },
  ModelMetadataRequest: {
    fields: {
      name: { type: "string", id: 1 },
      version: { type: "string", id: 2 },
    },
  },
  ModelMetadataResponse: {
    fields: {
      name: { type: "string", id: 1 },
      versions: { rule: "repeated", type: "string", id: 2 },
      platform: { type: "string", id: 3 },
      inputs: { rule: "repeated", type: "TensorMetadata", id: 4 },
      outputs: { rule: "repeated", type: "TensorMetadata", id: 5 },
    },
  },
  TensorMetadata: {
    fields: {
      name: { type: "string", id: 1 },
      datatype: { type: "string", id: 2 },
      shape: { rule: "repeated", type: "int64", id: 3 },
    },
  },
  ModelInferRequest: {
    fields: {
      modelName: { type: "string", id: 1, protoName: "model_name" },
      modelVersion: { type: "string", id: 2, protoName: "model_version" },
      id: { type: "string", id: 3 },
      inputs: { rule: "repeated", type: "InferTensor", id: 5 },
      outputs: { rule: "repeated", type: "RequestedOutput", id: 6 },
      rawInputContents: { rule: "repeated", type: "bytes", id: 7, protoName: "raw_input_contents" },
    },
  },
  RequestedOutput: {
    fields: {
      name: { type: "string", id: 1 },
    },
  },
  InferTensor: {
    fields: {
      name: { type: "string", id: 1 },
      datatype: { type: "string", id: 2 },
      shape: { rule: "repeated", type: "int64", id: 3 },
      contents: { type: "InferTensorContents", id: 5 },
    },
  },
  InferTensorContents: {
    fields: {
      boolContents: { rule: "repeated", type: "bool", id: 1, protoName: "bool_contents" },
      intContents: { rule: "repeated", type: "int32", id: 2, protoName: "int_contents" },
      int64Contents: { rule: "repeated", type: "int64", id: 3, protoName: "int64_contents" },
      uintContents: { rule: "repeated", type: "uint32", id: 4, protoName: "uint_contents" },
      uint64Contents: { rule: "repeated", type: "uint64", id: 5, protoName: "uint64_contents" },
      fp32Contents: { rule: "repeated", type: "float", id: 6, protoName: "fp32_contents" },
      fp64Contents: { rule: "repeated", type: "double", id: 7, protoName: "fp64_contents" },
      bytesContents: { rule: "repeated", type: "bytes", id: 8, protoName: "bytes_contents" },
    },
  },
  ModelInferResponse: {
    fields: {
      modelName: { type: "string", id: 1, protoName: "model_name" },
      modelVersion: { type: "string", id: 2, protoName: "model_version" },
      id: { type: "string", id: 3 },
      outputs: { rule: "repeated", type: "InferTensor", id: 5 },
      rawOutputContents: { rule: "repeated", type: "bytes", id: 6, protoName: "raw_output_contents" },
    },
  },
} as const;
