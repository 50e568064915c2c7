// Compiled from prediction.proto by `npm run proto`. Do not edit.
export const predictionSchema = {
  ModelSpec: {
    fields: {
      name: { type: "string", id: 1 },
      version: { type: "Int64Value", id: 2 },
      signatureName: { type: "string", id: 3, protoName: "signature_name" },
      versionLabel: { type: "string", id: 4, protoName: "version_label" },
    },
  },
  Int64Value: {
    fields: {
      value: { type: "int64", id: 1 },
    },
  },
  PredictRequest: {
    fields: {
      modelSpec: { type: "ModelSpec", id: 1, protoName: "model_spec" },
      inputs: { rule: "repeated", type: "TensorEntry", id: 2 },
      outputFilter: { rule: "repeated", type: "string", id: 3, protoName: "output_filter" },
    },
  },
  PredictResponse: {
    fields: {
      outputs: { rule: "repeated", type: "TensorEntry", id: 1 },
      modelSpec: { type: "ModelSpec", id: 2, protoName: "model_spec" },
    },
  },
  TensorEntry: {
    fields: {
      key: { type: "string", id: 1 },
      value: { type: "TensorProto", id: 2 },
    },
  },
  GetModelMetadataRequest: {
    fields: {
      modelSpec: { type: "ModelSpec", id: 1, protoName: "model_spec" },
      metadataField: { rule: "repeated", type: "string", id: 2, protoName: "metadata_field" },
    },
  },
  GetModelMetadataResponse: {
    fields: {
      modelSpec: { type: "ModelSpec", id: 1, protoName: "model_spec" },
      metadata: { rule: "repeated", type: "MetadataEntry", id: 2 },
    },
  },
  MetadataEntry: {
    fields: {
      key: { type: "string", id: 1 },
      value: { type: "AnyMessage", id: 2 },
    },
  },
  SignatureDefMap: {
    fields: {
      signatureDef: { rule: "repeated", type: "SignatureEntry", id: 1, protoName: "signature_def" },
    },
  },
  GetModelStatusRequest: {
    fields: {
      modelSpec: { type: "ModelSpec", id: 1, protoName: "model_spec" },
    },
  },
} as const;
