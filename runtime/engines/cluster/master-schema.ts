// Compiled from master.proto by `npm run proto`. Do not edit.
export const masterSchema = {
  CreateSessionRequest: {
    fields: {
      graphDef: { type: "bytes", id: 1, protoName: "graph_def", holds: ["GraphDef"] },
      config: { type: "SessionConfig", id: 2 },
    },
  },
  SessionConfig: {
    fields: {
      deviceFilters: { rule: "repeated", type: "string", id: 4, protoName: "device_filters" },
      allowSoftPlacement: { type: "bool", id: 7, protoName: "allow_soft_placement" },
      isolateSessionState: { type: "bool", id: 15, protoName: "isolate_session_state" },
    },
  },
  CreateSessionResponse: {
    fields: {
      sessionHandle: { type: "string", id: 1, protoName: "session_handle" },
      graphVersion: { type: "int64", id: 2, protoName: "graph_version" },
    },
  },
  ExtendSessionRequest: {
    fields: {
      sessionHandle: { type: "string", id: 1, protoName: "session_handle" },
      graphDef: { type: "AddedNodes", id: 2, protoName: "graph_def" },
      currentGraphVersion: { type: "int64", id: 3, protoName: "current_graph_version" },
    },
  },
  AddedNodes: {
    fields: {
      node: { rule: "repeated", type: "AddedNode", id: 1 },
    },
  },
  AddedNode: {
    fields: {
      name: { type: "string", id: 1 },
      op: { type: "string", id: 2 },
      input: { rule: "repeated", type: "string", id: 3 },
      device: { type: "string", id: 4 },
      attr: { rule: "repeated", type: "AddedAttr", id: 5 },
    },
  },
  AddedAttr: {
    fields: {
      key: { type: "string", id: 1 },
      value: { type: "AttrValue", id: 2 },
    },
  },
  ExtendSessionResponse: {
    fields: {
      newGraphVersion: { type: "int64", id: 4, protoName: "new_graph_version" },
    },
  },
  RunStepRequest: {
    fields: {
      sessionHandle: { type: "string", id: 1, protoName: "session_handle" },
      feed: { rule: "repeated", type: "NamedTensor", id: 2 },
      fetch: { rule: "repeated", type: "string", id: 3 },
      target: { rule: "repeated", type: "string", id: 4 },
    },
  },
  NamedTensor: {
    fields: {
      name: { type: "string", id: 1 },
      tensor: { type: "TensorProto", id: 2 },
    },
  },
  RunStepResponse: {
    fields: {
      tensor: { rule: "repeated", type: "NamedTensor", id: 1 },
    },
  },
  MakeCallableRequest: {
    fields: {
      sessionHandle: { type: "string", id: 1, protoName: "session_handle" },
      options: { type: "CallableOptions", id: 2 },
    },
  },
  CallableOptions: {
    fields: {
      feed: { rule: "repeated", type: "string", id: 1 },
      fetch: { rule: "repeated", type: "string", id: 2 },
      target: { rule: "repeated", type: "string", id: 3 },
    },
  },
  MakeCallableResponse: {
    fields: {
      handle: { type: "int64", id: 1 },
    },
  },
  RunCallableRequest: {
    fields: {
      sessionHandle: { type: "string", id: 1, protoName: "session_handle" },
      handle: { type: "int64", id: 2 },
      feed: { rule: "repeated", type: "TensorProto", id: 3 },
    },
  },
  RunCallableResponse: {
    fields: {
      fetch: { rule: "repeated", type: "TensorProto", id: 1 },
    },
  },
  CloseSessionRequest: {
    fields: {
      sessionHandle: { type: "string", id: 1, protoName: "session_handle" },
    },
  },
  PlacedNode: {
    fields: {
      name: { type: "string", id: 1 },
      op: { type: "string", id: 2 },
      device: { type: "string", id: 4 },
    },
  },
  BundleEntry: {
    fields: {
      dtype: { type: "int32", id: 1 },
      shape: { type: "TensorShape", id: 2 },
    },
  },
} as const;
