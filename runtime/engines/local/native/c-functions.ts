/**
 * The part of TensorFlow's C API that this runtime calls (tensorflow/c/c_api.h, tf_tensor.h, tf_buffer.h, tf_status.h,
 * tf_tstring.h). The table is the declaration: `c-api.ts` makes typed functions of it.
 *
 * Types are koffi's. A `void *` result is an address, or null; a `void *` parameter takes an address, null, or a typed
 * array whose memory the function may use until it returns.
 */
export const functions = {
  /** Version of the library, for example `2.21.0`. */
  TF_Version: { result: "str", parameters: [] },

  // Status: the out parameter of every function that can fail.
  TF_NewStatus: { result: "void *", parameters: [] },
  TF_DeleteStatus: { result: "void", parameters: ["void *" /* status */] },
  TF_GetCode: { result: "int", parameters: ["void *" /* status */] },
  TF_Message: { result: "str", parameters: ["void *" /* status */] },

  // Buffers: serialized protocol messages in and out.
  TF_NewBuffer: { result: "void *", parameters: [] },
  TF_NewBufferFromString: { result: "void *", parameters: ["void *" /* bytes, copied */, "size_t" /* length */] },
  TF_DeleteBuffer: { result: "void", parameters: ["void *" /* buffer */] },

  /** A new buffer with the OpList of all operations, those of extensions included. */
  TF_GetAllOpList: { result: "void *", parameters: [] },

  /** Loads a library of custom operations for the whole process; the result is never deleted. */
  TF_LoadLibrary: { result: "void *", parameters: ["str" /* file */, "void *" /* status */] },

  // Sessions
  TF_NewSessionOptions: { result: "void *", parameters: [] },
  TF_SetConfig: {
    result: "void",
    parameters: ["void *" /* options */, "void *" /* ConfigProto */, "size_t" /* length */, "void *" /* status */],
  },
  TF_DeleteSessionOptions: { result: "void", parameters: ["void *" /* options */] },
  TF_NewGraph: { result: "void *", parameters: [] },
  TF_DeleteGraph: { result: "void", parameters: ["void *" /* graph */] },
  /** Reads the model, creates its session, restores the variables and runs the initializers. */
  TF_LoadSessionFromSavedModel: {
    result: "void *",
    parameters: [
      "void *" /* session options */,
      "void *" /* RunOptions buffer, or null */,
      "str" /* folder */,
      "const char **" /* tags */,
      "int" /* number of tags */,
      "void *" /* graph, filled */,
      "void *" /* buffer, filled with the MetaGraphDef */,
      "void *" /* status */,
    ],
  },
  TF_SessionRun: {
    result: "void",
    parameters: [
      "void *" /* session */,
      "void *" /* RunOptions buffer, or null */,
      "void *" /* TF_Output[]: what is fed */,
      "void *" /* TF_Tensor*[]: the values, still the caller's */,
      "int" /* number of feeds */,
      "void *" /* TF_Output[]: what is fetched */,
      "void *" /* TF_Tensor*[], filled: the results, the caller's */,
      "int" /* number of fetches */,
      "void *" /* TF_Operation*[]: what is run without a result */,
      "int" /* number of targets */,
      "void *" /* RunMetadata buffer, filled, or null */,
      "void *" /* status */,
    ],
  },
  /** A new list of the devices of a session. */
  TF_SessionListDevices: { result: "void *", parameters: ["void *" /* session */, "void *" /* status */] },
  TF_DeviceListCount: { result: "int", parameters: ["void *" /* device list */] },
  TF_DeviceListName: {
    result: "str",
    parameters: ["void *" /* device list */, "int" /* index */, "void *" /* status */],
  },
  TF_DeviceListType: {
    result: "str",
    parameters: ["void *" /* device list */, "int" /* index */, "void *" /* status */],
  },
  TF_DeviceListMemoryBytes: {
    result: "int64_t",
    parameters: ["void *" /* device list */, "int" /* index */, "void *" /* status */],
  },
  TF_DeleteDeviceList: { result: "void", parameters: ["void *" /* device list */] },
  TF_CloseSession: { result: "void", parameters: ["void *" /* session */, "void *" /* status */] },
  TF_DeleteSession: { result: "void", parameters: ["void *" /* session */, "void *" /* status */] },

  // Operations of a graph
  /** Fills the buffer with a GraphDef. */
  TF_GraphToGraphDef: {
    result: "void",
    parameters: ["void *" /* graph */, "void *" /* buffer, filled */, "void *" /* status */],
  },
  TF_GraphOperationByName: { result: "void *", parameters: ["void *" /* graph */, "str" /* name */] },
  TF_OperationNumOutputs: { result: "int", parameters: ["void *" /* operation */] },
  /** TF_Output is passed by value: 16 bytes, which the x86-64, ARM64 and Windows ABIs do not pass alike. */
  TF_OperationOutputType: { result: "int", parameters: ["TF_Output" /* which output */] },
  TF_NewOperation: { result: "void *", parameters: ["void *" /* graph */, "str" /* type */, "str" /* name */] },
  TF_AddInput: { result: "void", parameters: ["void *" /* description */, "TF_Output" /* where it comes from */] },
  TF_AddInputList: {
    result: "void",
    parameters: ["void *" /* description */, "void *" /* TF_Output[] */, "int" /* number of inputs */],
  },
  TF_SetAttrTypeList: {
    result: "void",
    parameters: [
      "void *" /* description */,
      "str" /* attribute */,
      "void *" /* int32_t[]: DataTypes */,
      "int" /* number of types */,
    ],
  },
  TF_SetAttrType: {
    result: "void",
    parameters: ["void *" /* description */, "str" /* attribute */, "int" /* DataType */],
  },
  /** The operation that was described; the description is gone in any case. */
  TF_FinishOperation: { result: "void *", parameters: ["void *" /* description */, "void *" /* status */] },

  // Tensors
  /** A tensor in memory of the caller's, which it copies unless the memory is aligned to 64 bytes. */
  TF_NewTensor: {
    result: "void *",
    parameters: [
      "int" /* DataType */,
      "void *" /* int64_t[]: dimensions */,
      "int" /* rank */,
      "void *" /* memory */,
      "size_t" /* bytes */,
      "void *" /* deallocator: void (*)(void *memory, size_t bytes, void *argument), on any thread */,
      "void *" /* argument of the deallocator */,
    ],
  },
  /**
   * Null, without a status, when the bytes are too few for the dtype and dimensions. A tensor without data when out of
   * memory.
   */
  TF_AllocateTensor: {
    result: "void *",
    parameters: ["int" /* DataType */, "void *" /* int64_t[]: dimensions */, "int" /* rank */, "size_t" /* bytes */],
  },
  TF_DeleteTensor: { result: "void", parameters: ["void *" /* tensor */] },
  /** The tensor itself when nothing else holds its memory, else null. */
  TF_TensorMaybeMove: { result: "void *", parameters: ["void *" /* tensor */] },
  TF_TensorType: { result: "int", parameters: ["void *" /* tensor */] },
  TF_NumDims: { result: "int", parameters: ["void *" /* tensor */] },
  TF_Dim: { result: "int64_t", parameters: ["void *" /* tensor */, "int" /* axis */] },
  TF_TensorByteSize: { result: "size_t", parameters: ["void *" /* tensor */] },
  TF_TensorData: { result: "void *", parameters: ["void *" /* tensor */] },

  // Elements of string tensors: 24 bytes each, whose layout is TensorFlow's own (call/string-layout.ts).
  TF_StringInit: { result: "void", parameters: ["void *" /* element */] },
  TF_StringCopy: { result: "void", parameters: ["void *" /* element */, "void *" /* bytes */, "size_t" /* length */] },
  TF_StringGetDataPointer: { result: "void *", parameters: ["void *" /* element */] },
  TF_StringGetSize: { result: "size_t", parameters: ["void *" /* element */] },
  TF_StringDealloc: { result: "void", parameters: ["void *" /* element */] },
} as const;

type NativeType = "void" | "int" | "int64_t" | "size_t" | "str" | "void *" | "const char **" | "TF_Output";

/** An address in native memory. */
export type Pointer = bigint;

/**
 * An address as a number, which takes koffi half the time of a bigint. Addresses of a process are below 2^53 on all
 * processors.
 */
export type Address = number;

interface ParameterTypes {
  int: number;
  int64_t: number | bigint;
  size_t: number | bigint;
  str: string;
  "void *": Pointer | Address | ArrayBufferView | null;
  "const char **": readonly string[];
  TF_Output: { readonly oper: Pointer; readonly index: number };
}

interface ResultTypes {
  void: undefined;
  int: number;
  /** koffi answers with a number where it is safe, else with a bigint. */
  int64_t: number | bigint;
  size_t: number | bigint;
  str: string;
  "void *": Pointer | null;
}

type Parameters<Types extends readonly NativeType[]> = {
  -readonly [Index in keyof Types]: ParameterTypes[Types[Index] & keyof ParameterTypes];
};

/** Every function of the table, typed. */
export type NativeFunctions = {
  readonly [Name in keyof typeof functions]: (
    ...parameters: Parameters<(typeof functions)[Name]["parameters"]>
  ) => ResultTypes[(typeof functions)[Name]["result"]];
};
