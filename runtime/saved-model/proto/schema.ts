// Compiled from saved_model.proto by `npm run proto`. Do not edit.
export const schema = {
  SavedModel: {
    fields: {
      savedModelSchemaVersion: { type: "int64", id: 1, protoName: "saved_model_schema_version" },
      metaGraphs: { rule: "repeated", type: "MetaGraphDef", id: 2, protoName: "meta_graphs" },
    },
  },
  MetaGraphDef: {
    fields: {
      metaInfoDef: { type: "MetaInfoDef", id: 1, protoName: "meta_info_def" },
      graphDef: { type: "bytes", id: 2, protoName: "graph_def", holds: ["GraphDef"] },
      saverDef: { type: "SaverDef", id: 3, protoName: "saver_def" },
      collectionDef: { rule: "repeated", type: "CollectionEntry", id: 4, protoName: "collection_def" },
      signatureDef: { rule: "repeated", type: "SignatureEntry", id: 5, protoName: "signature_def" },
      assetFileDef: { rule: "repeated", type: "AssetFileDef", id: 6, protoName: "asset_file_def" },
      objectGraphDef: {
        type: "bytes",
        id: 7,
        protoName: "object_graph_def",
        holds: ["SavedObjectGraph", "ConcreteFunctions", "VariableNodes", "TrackableObjectGraph"],
      },
    },
  },
  AssetFileDef: {
    fields: {
      tensorInfo: { type: "TensorName", id: 1, protoName: "tensor_info" },
      filename: { type: "string", id: 2 },
    },
  },
  TensorName: {
    fields: {
      name: { type: "string", id: 1 },
    },
  },
  MetaInfoDef: {
    fields: {
      strippedOpList: { type: "OpList", id: 2, protoName: "stripped_op_list" },
      tags: { rule: "repeated", type: "string", id: 4 },
      tensorflowVersion: { type: "string", id: 5, protoName: "tensorflow_version" },
    },
  },
  OpList: {
    fields: {
      op: { rule: "repeated", type: "OpName", id: 1 },
    },
  },
  SaverDef: {
    fields: {
      filenameTensorName: { type: "string", id: 1, protoName: "filename_tensor_name" },
      saveTensorName: { type: "string", id: 2, protoName: "save_tensor_name" },
      restoreOpName: { type: "string", id: 3, protoName: "restore_op_name" },
    },
  },
  CollectionEntry: {
    fields: {
      key: { type: "string", id: 1 },
      value: { type: "bytes", id: 2, holds: ["CollectionDef"] },
    },
  },
  CollectionDef: {
    fields: {
      nodeList: { type: "NodeList", id: 1, protoName: "node_list" },
      bytesList: { type: "BytesList", id: 2, protoName: "bytes_list" },
      anyList: { type: "AnyList", id: 5, protoName: "any_list" },
    },
  },
  AnyList: {
    fields: {
      value: { rule: "repeated", type: "AnyMessage", id: 1 },
    },
  },
  AnyMessage: {
    fields: {
      typeUrl: { type: "string", id: 1, protoName: "type_url" },
      value: { type: "bytes", id: 2 },
    },
  },
  NodeList: {
    fields: {
      value: { rule: "repeated", type: "string", id: 1 },
    },
  },
  BytesList: {
    fields: {
      value: { rule: "repeated", type: "bytes", id: 1, holds: ["VariableDef"] },
    },
  },
  VariableDef: {
    fields: {
      variableName: { type: "string", id: 1, protoName: "variable_name" },
      initializerName: { type: "string", id: 2, protoName: "initializer_name" },
      saveSliceInfoDef: { type: "SaveSliceInfo", id: 4, protoName: "save_slice_info_def" },
    },
  },
  SaveSliceInfo: {
    fields: {
      fullName: { type: "string", id: 1, protoName: "full_name" },
      fullShape: { rule: "repeated", type: "int64", id: 2, protoName: "full_shape" },
      varOffset: { rule: "repeated", type: "int64", id: 3, protoName: "var_offset" },
      varShape: { rule: "repeated", type: "int64", id: 4, protoName: "var_shape" },
    },
  },
  SignatureEntry: {
    fields: {
      key: { type: "string", id: 1 },
      value: { type: "SignatureDef", id: 2 },
    },
  },
  SignatureDef: {
    fields: {
      inputs: { rule: "repeated", type: "TensorInfoEntry", id: 1 },
      outputs: { rule: "repeated", type: "TensorInfoEntry", id: 2 },
      methodName: { type: "string", id: 3, protoName: "method_name" },
      defaults: { rule: "repeated", type: "DefaultEntry", id: 4 },
    },
  },
  TensorInfoEntry: {
    fields: {
      key: { type: "string", id: 1 },
      value: { type: "TensorInfo", id: 2 },
    },
  },
  DefaultEntry: {
    fields: {
      key: { type: "string", id: 1 },
      value: { type: "bytes", id: 2, holds: ["TensorProto"] },
    },
  },
  TensorInfo: {
    fields: {
      name: { type: "string", id: 1 },
      dtype: { type: "int32", id: 2 },
      tensorShape: { type: "TensorShape", id: 3, protoName: "tensor_shape" },
      cooSparse: { type: "CooSparse", id: 4, protoName: "coo_sparse" },
      compositeTensor: { type: "CompositeTensor", id: 5, protoName: "composite_tensor" },
    },
  },
  TensorShape: {
    fields: {
      dim: { rule: "repeated", type: "Dimension", id: 2 },
      unknownRank: { type: "bool", id: 3, protoName: "unknown_rank" },
    },
  },
  Dimension: {
    fields: {
      size: { type: "int64", id: 1 },
    },
  },
  CooSparse: {
    fields: {
      valuesTensorName: { type: "string", id: 1, protoName: "values_tensor_name" },
      indicesTensorName: { type: "string", id: 2, protoName: "indices_tensor_name" },
      denseShapeTensorName: { type: "string", id: 3, protoName: "dense_shape_tensor_name" },
    },
  },
  CompositeTensor: {
    fields: {
      typeSpec: { type: "TypeSpec", id: 1, protoName: "type_spec" },
      components: { rule: "repeated", type: "TensorInfo", id: 2 },
    },
  },
  GraphDef: {
    fields: {
      node: { rule: "repeated", type: "bytes", id: 1, holds: ["NodeDef"] },
      library: { type: "FunctionDefLibrary", id: 2 },
    },
  },
  FunctionDefLibrary: {
    fields: {
      function: { rule: "repeated", type: "bytes", id: 1, holds: ["FunctionDef"] },
    },
  },
  NodeDef: {
    fields: {
      name: { type: "string", id: 1 },
      op: { type: "string", id: 2 },
      input: { rule: "repeated", type: "string", id: 3 },
      attr: { rule: "repeated", type: "AttrEntry", id: 5 },
    },
  },
  NodeHead: {
    fields: {
      name: { type: "string", id: 1 },
      op: { type: "string", id: 2 },
    },
  },
  NodeEdges: {
    fields: {
      op: { type: "string", id: 2 },
      input: { rule: "repeated", type: "string", id: 3 },
    },
  },
  AttrEntry: {
    fields: {
      key: { type: "string", id: 1 },
      value: { type: "bytes", id: 2, holds: ["AttrValue"] },
    },
  },
  AttrValue: {
    fields: {
      list: { type: "ListValue", id: 1 },
      s: { type: "bytes", id: 2 },
      type: { type: "int32", id: 6 },
      shape: { type: "TensorShape", id: 7 },
      tensor: { type: "TensorProto", id: 8 },
      func: { type: "NameAttrList", id: 10 },
    },
  },
  ListValue: {
    fields: {
      s: { rule: "repeated", type: "bytes", id: 2 },
      type: { rule: "repeated", type: "int32", id: 6 },
      shape: { rule: "repeated", type: "TensorShape", id: 7 },
      func: { rule: "repeated", type: "NameAttrList", id: 9 },
    },
  },
  TensorProto: {
    fields: {
      dtype: { type: "int32", id: 1 },
      tensorShape: { type: "TensorShape", id: 2, protoName: "tensor_shape" },
      tensorContent: { type: "bytes", id: 4, protoName: "tensor_content" },
      floatVal: { rule: "repeated", type: "float", id: 5, protoName: "float_val" },
      doubleVal: { rule: "repeated", type: "double", id: 6, protoName: "double_val" },
      intVal: { rule: "repeated", type: "int32", id: 7, protoName: "int_val" },
      stringVal: { rule: "repeated", type: "bytes", id: 8, protoName: "string_val" },
      scomplexVal: { rule: "repeated", type: "float", id: 9, protoName: "scomplex_val" },
      int64Val: { rule: "repeated", type: "int64", id: 10, protoName: "int64_val" },
      boolVal: { rule: "repeated", type: "bool", id: 11, protoName: "bool_val" },
      dcomplexVal: { rule: "repeated", type: "double", id: 12, protoName: "dcomplex_val" },
      halfVal: { rule: "repeated", type: "int32", id: 13, protoName: "half_val" },
      uint32Val: { rule: "repeated", type: "int64", id: 16, protoName: "uint32_val" },
      uint64Val: { rule: "repeated", type: "int64", id: 17, protoName: "uint64_val" },
    },
  },
  NameAttrList: {
    fields: {
      name: { type: "string", id: 1 },
    },
  },
  FunctionDef: {
    fields: {
      signature: { type: "OpDef", id: 1 },
      nodeDef: { rule: "repeated", type: "NodeDef", id: 3, protoName: "node_def" },
      ret: { rule: "repeated", type: "RetEntry", id: 4 },
      argAttr: { rule: "repeated", type: "ArgAttrEntry", id: 7, protoName: "arg_attr" },
    },
  },
  RetEntry: {
    fields: {
      key: { type: "string", id: 1 },
      value: { type: "string", id: 2 },
    },
  },
  ArgAttrEntry: {
    fields: {
      key: { type: "int32", id: 1 },
      value: { type: "ArgAttrs", id: 2 },
    },
  },
  ArgAttrs: {
    fields: {
      attr: { rule: "repeated", type: "AttrEntry", id: 1 },
    },
  },
  FunctionName: {
    fields: {
      signature: { type: "OpName", id: 1 },
    },
  },
  OpEffectsList: {
    fields: {
      op: { rule: "repeated", type: "OpEffects", id: 1 },
    },
  },
  OpEffects: {
    fields: {
      name: { type: "string", id: 1 },
      inputArg: { rule: "repeated", type: "ArgEffects", id: 2, protoName: "input_arg" },
      isStateful: { type: "bool", id: 17, protoName: "is_stateful" },
    },
  },
  ArgEffects: {
    fields: {
      isRef: { type: "bool", id: 16, protoName: "is_ref" },
    },
  },
  FunctionNodes: {
    fields: {
      nodeDef: { rule: "repeated", type: "bytes", id: 3, protoName: "node_def", holds: ["NodeDef"] },
    },
  },
  FunctionBody: {
    fields: {
      signature: { type: "OpDef", id: 1 },
      nodeDef: { rule: "repeated", type: "bytes", id: 3, protoName: "node_def", holds: ["NodeDef"] },
      ret: { rule: "repeated", type: "RetEntry", id: 4 },
    },
  },
  OpName: {
    fields: {
      name: { type: "string", id: 1 },
    },
  },
  OpDef: {
    fields: {
      name: { type: "string", id: 1 },
      inputArg: { rule: "repeated", type: "ArgDef", id: 2, protoName: "input_arg" },
      outputArg: { rule: "repeated", type: "ArgDef", id: 3, protoName: "output_arg" },
    },
  },
  ArgDef: {
    fields: {
      name: { type: "string", id: 1 },
    },
  },
  SavedObjectGraph: {
    fields: {
      nodes: { rule: "repeated", type: "TrackableObject", id: 1 },
      concreteFunctions: { rule: "repeated", type: "ConcreteFunctionEntry", id: 2, protoName: "concrete_functions" },
    },
  },
  ConcreteFunctions: {
    fields: {
      nodes: { rule: "repeated", type: "FunctionObject", id: 1 },
      concreteFunctions: { rule: "repeated", type: "ConcreteFunctionEntry", id: 2, protoName: "concrete_functions" },
    },
  },
  FunctionObject: {
    fields: {
      function: { type: "SavedFunction", id: 6 },
      bareConcreteFunction: { type: "SavedBareConcreteFunction", id: 8, protoName: "bare_concrete_function" },
    },
  },
  SavedFunction: {
    fields: {
      concreteFunctions: { rule: "repeated", type: "string", id: 1, protoName: "concrete_functions" },
      functionSpec: { type: "FunctionSpec", id: 2, protoName: "function_spec" },
    },
  },
  SavedBareConcreteFunction: {
    fields: {
      concreteFunctionName: { type: "string", id: 1, protoName: "concrete_function_name" },
      functionSpec: { type: "FunctionSpec", id: 4, protoName: "function_spec" },
    },
  },
  FunctionSpec: {
    fields: {
      fullargspec: { type: "bytes", id: 1, holds: ["StructuredValue"] },
      isMethod: { type: "bool", id: 2, protoName: "is_method" },
    },
  },
  ConcreteFunctionEntry: {
    fields: {
      key: { type: "string", id: 1 },
      value: { type: "SavedConcreteFunction", id: 2 },
    },
  },
  SavedConcreteFunction: {
    fields: {
      boundInputs: { rule: "repeated", type: "int32", id: 2, protoName: "bound_inputs" },
      canonicalizedInputSignature: {
        type: "bytes",
        id: 3,
        protoName: "canonicalized_input_signature",
        holds: ["StructuredValue"],
      },
    },
  },
  StructuredValue: {
    fields: {
      int64Value: { type: "sint64", id: 12, protoName: "int64_value" },
      stringValue: { type: "string", id: 13, protoName: "string_value" },
      tensorShapeValue: { type: "TensorShape", id: 31, protoName: "tensor_shape_value" },
      tensorDtypeValue: { type: "int32", id: 32, protoName: "tensor_dtype_value" },
      tensorSpecValue: { type: "TensorSpec", id: 33, protoName: "tensor_spec_value" },
      typeSpecValue: { type: "TypeSpec", id: 34, protoName: "type_spec_value" },
      boundedTensorSpecValue: { type: "TensorSpec", id: 35, protoName: "bounded_tensor_spec_value" },
      listValue: { type: "StructuredList", id: 51, protoName: "list_value" },
      tupleValue: { type: "StructuredList", id: 52, protoName: "tuple_value" },
      dictValue: { type: "StructuredDict", id: 53, protoName: "dict_value" },
      namedTupleValue: { type: "StructuredNamedTuple", id: 54, protoName: "named_tuple_value" },
    },
  },
  TensorSpec: {
    fields: {
      name: { type: "string", id: 1 },
      shape: { type: "TensorShape", id: 2 },
      dtype: { type: "int32", id: 3 },
    },
  },
  TypeSpec: {
    fields: {
      typeSpecClass: { type: "int32", id: 1, protoName: "type_spec_class" },
      typeState: { type: "StructuredValue", id: 2, protoName: "type_state" },
      numFlatComponents: { type: "int32", id: 4, protoName: "num_flat_components" },
    },
  },
  StructuredList: {
    fields: {
      values: { rule: "repeated", type: "StructuredValue", id: 1 },
    },
  },
  StructuredDict: {
    fields: {
      fields: { rule: "repeated", type: "StructuredField", id: 1 },
    },
  },
  StructuredNamedTuple: {
    fields: {
      values: { rule: "repeated", type: "StructuredField", id: 2 },
    },
  },
  StructuredField: {
    fields: {
      key: { type: "string", id: 1 },
      value: { type: "StructuredValue", id: 2 },
    },
  },
  TrackableObjectGraph: {
    fields: {
      nodes: { rule: "repeated", type: "TrackableObject", id: 1 },
    },
  },
  VariableNodes: {
    fields: {
      nodes: { rule: "repeated", type: "VariableNode", id: 1 },
    },
  },
  VariableNode: {
    fields: {
      children: { rule: "repeated", type: "ObjectReference", id: 1 },
      variable: { type: "SavedVariable", id: 7 },
    },
  },
  SavedVariable: {
    fields: {
      dtype: { type: "int32", id: 1 },
      shape: { type: "TensorShape", id: 2 },
      trainable: { type: "bool", id: 3 },
      name: { type: "string", id: 6 },
    },
  },
  TrackableObject: {
    fields: {
      children: { rule: "repeated", type: "ObjectReference", id: 1 },
      attributes: { rule: "repeated", type: "SerializedTensor", id: 2 },
    },
  },
  ObjectReference: {
    fields: {
      nodeId: { type: "int32", id: 1, protoName: "node_id" },
      localName: { type: "string", id: 2, protoName: "local_name" },
    },
  },
  SerializedTensor: {
    fields: {
      name: { type: "string", id: 1 },
      checkpointKey: { type: "string", id: 3, protoName: "checkpoint_key" },
    },
  },
  FingerprintDef: {
    fields: {
      savedModelChecksum: { type: "int64", id: 1, protoName: "saved_model_checksum" },
      graphDefProgramHash: { type: "int64", id: 2, protoName: "graph_def_program_hash" },
      signatureDefHash: { type: "int64", id: 3, protoName: "signature_def_hash" },
      savedObjectGraphHash: { type: "int64", id: 4, protoName: "saved_object_graph_hash" },
      checkpointHash: { type: "int64", id: 5, protoName: "checkpoint_hash" },
      version: { type: "VersionDef", id: 6 },
    },
  },
  VersionDef: {
    fields: {
      producer: { type: "int32", id: 1 },
    },
  },
  ConfigProto: {
    fields: {
      deviceCount: { rule: "repeated", type: "DeviceCountEntry", id: 1, protoName: "device_count" },
      intraOpParallelismThreads: { type: "int32", id: 2, protoName: "intra_op_parallelism_threads" },
      interOpParallelismThreads: { type: "int32", id: 5, protoName: "inter_op_parallelism_threads" },
      gpuOptions: {
        type: "bytes",
        id: 6,
        protoName: "gpu_options",
        options: { proto3_optional: true },
        holds: ["GPUOptions"],
      },
      allowSoftPlacement: { type: "bool", id: 7, protoName: "allow_soft_placement" },
      usePerSessionThreads: { type: "bool", id: 9, protoName: "use_per_session_threads" },
      graphOptions: {
        type: "bytes",
        id: 10,
        protoName: "graph_options",
        options: { proto3_optional: true },
        holds: ["GraphOptions"],
      },
      operationTimeoutInMs: { type: "int64", id: 11, protoName: "operation_timeout_in_ms" },
      experimental: { type: "bytes", id: 16, options: { proto3_optional: true }, holds: ["ExperimentalConfig"] },
    },
    oneofs: {
      _gpuOptions: { oneof: ["gpuOptions"] as string[] },
      _graphOptions: { oneof: ["graphOptions"] as string[] },
      _experimental: { oneof: ["experimental"] as string[] },
    },
  },
  ExperimentalConfig: {
    fields: {
      executorType: { type: "string", id: 3, protoName: "executor_type" },
    },
  },
  DeviceCountEntry: {
    fields: {
      key: { type: "string", id: 1, options: { proto3_optional: true } },
      value: { type: "int32", id: 2, options: { proto3_optional: true } },
    },
    oneofs: {
      _key: { oneof: ["key"] as string[] },
      _value: { oneof: ["value"] as string[] },
    },
  },
  GPUOptions: {
    fields: {
      perProcessGpuMemoryFraction: { type: "double", id: 1, protoName: "per_process_gpu_memory_fraction" },
      allowGrowth: { type: "bool", id: 4, protoName: "allow_growth" },
      visibleDeviceList: { type: "string", id: 5, protoName: "visible_device_list" },
    },
  },
  GraphOptions: {
    fields: {
      optimizerOptions: { type: "OptimizerOptions", id: 3, protoName: "optimizer_options" },
      rewriteOptions: { type: "RewriterConfig", id: 10, protoName: "rewrite_options" },
    },
  },
  RewriterConfig: {
    fields: {
      remapping: { type: "int32", id: 14 },
    },
  },
  OptimizerOptions: {
    fields: {
      globalJitLevel: { type: "int32", id: 5, protoName: "global_jit_level" },
      cpuGlobalJit: { type: "bool", id: 7, protoName: "cpu_global_jit" },
    },
  },
  RunOptions: {
    fields: {
      traceLevel: { type: "int32", id: 1, protoName: "trace_level" },
      timeoutInMs: { type: "int64", id: 2, protoName: "timeout_in_ms" },
      interOpThreadPool: { type: "int32", id: 3, protoName: "inter_op_thread_pool" },
    },
  },
  RunMetadata: {
    fields: {
      stepStats: { type: "StepStats", id: 1, protoName: "step_stats" },
    },
  },
  StepStats: {
    fields: {
      devStats: { rule: "repeated", type: "DeviceStepStats", id: 1, protoName: "dev_stats" },
    },
  },
  DeviceStepStats: {
    fields: {
      device: { type: "string", id: 1 },
      nodeStats: { rule: "repeated", type: "NodeExecStats", id: 2, protoName: "node_stats" },
    },
  },
  NodeExecStats: {
    fields: {
      nodeName: { type: "string", id: 1, protoName: "node_name" },
      timelineLabel: { type: "string", id: 8, protoName: "timeline_label" },
      threadId: { type: "int64", id: 10, protoName: "thread_id" },
      allStartNanos: { type: "int64", id: 13, protoName: "all_start_nanos" },
      opStartRelNanos: { type: "int64", id: 14, protoName: "op_start_rel_nanos" },
      opEndRelNanos: { type: "int64", id: 15, protoName: "op_end_rel_nanos" },
      allEndRelNanos: { type: "int64", id: 16, protoName: "all_end_rel_nanos" },
    },
  },
} as const;
