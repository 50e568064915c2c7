/**
 * Effects of TensorFlow's operations beside computing their results. An operation that is not stateful and takes no
 * reference (`is_stateful` and `is_ref` of its OpDef) writes nothing, but for those in `STATELESS_WRITERS`. Of the
 * others, those listed here leave nothing behind that another call could see; any that is not listed counts as one that
 * does: variables, tables, queues, files, devices, operations of a custom library. `test/support/writing-operations.ts`
 * lists what is omitted and why, and a test compares both with the library.
 */

/** Stateful operations that write nothing that outlives a call, by the reason why they are stateful at all. */
const HARMLESS_GROUPS: Readonly<Record<string, string>> = {
  "give the handle of something that is there, or will be: giving it changes nothing": `
    VarHandleOp _VarHandlesOp _XlaAotOnlyVarHandleOp Variable VariableV2 TemporaryVariable
    HashTable HashTableV2 MutableHashTable MutableHashTableV2 MutableHashTableOfTensors MutableHashTableOfTensorsV2
    MutableDenseHashTable MutableDenseHashTableV2 BoostedTreesEnsembleResourceHandleOp
    BoostedTreesQuantileStreamResourceHandleOp Iterator IteratorV2 OneShotIterator IteratorToStringHandle
    IteratorFromStringHandle IteratorFromStringHandleV2 ThreadPoolHandle ExperimentalThreadPoolHandle
    FIFOQueue FIFOQueueV2 PaddingFIFOQueue PaddingFIFOQueueV2 PriorityQueue PriorityQueueV2 RandomShuffleQueue
    RandomShuffleQueueV2 FakeQueue Barrier ConditionalAccumulator SparseConditionalAccumulator
    ResourceConditionalAccumulator SummaryWriter MutexV2`,
  "make something for the length of one call": `
    AnonymousIterator AnonymousIteratorV2 AnonymousIteratorV3 AnonymousHashTable AnonymousMutableHashTable
    AnonymousMutableHashTableOfTensors AnonymousMutableDenseHashTable AnonymousMemoryCache AnonymousSeedGenerator
    AnonymousRandomSeedGenerator DummyMemoryCache DummySeedGenerator DummyIterationCounter Empty _ParallelConcatStart
    DeepCopy`,
  "read variables, tables, trees, queues": `
    ReadVariableOp _ReadVariablesOp ReadVariableXlaSplitND VarIsInitializedOp IsVariableInitialized VariableShape
    ResourceGather ResourceGatherNd DisableCopyOnRead LookupTableFind LookupTableFindV2 LookupTableSize
    LookupTableSizeV2 LookupTableExport LookupTableExportV2 IsBoostedTreesEnsembleInitialized
    IsBoostedTreesQuantileStreamResourceInitialized BoostedTreesPredict BoostedTreesTrainingPredict
    BoostedTreesExampleDebugOutputs BoostedTreesGetEnsembleStates BoostedTreesSerializeEnsemble
    BoostedTreesQuantileStreamResourceGetBucketBoundaries QueueSize QueueSizeV2 QueueIsClosed QueueIsClosedV2
    BarrierReadySize BarrierIncompleteSize AccumulatorNumAccumulated ResourceAccumulatorNumAccumulated
    ReaderNumRecordsProduced ReaderNumRecordsProducedV2 ReaderNumWorkUnitsCompleted ReaderNumWorkUnitsCompletedV2
    ReaderSerializeState ReaderSerializeStateV2 GetSessionTensor`,
  "read files": "Restore RestoreV2 RestoreSlice LoadAndRemapMatrix",
  "call functions, which are classified themselves, or choose what is run": `
    StatefulPartitionedCall RemoteCall If _If XlaIf While _While XlaWhile RiscWhile Case XlaLaunch RefIdentity RefSwitch
    RefMerge RefSelect RefEnter RefExit RefNextIteration DebugGradientRefIdentity`,
  "hand over arguments and results": "_Arg _Retval _DeviceArg _DeviceRetval",
  "are kept from being folded or pruned away": `
    Assert CheckNumerics CheckNumericsV2 GuaranteeConst Timestamp DeviceIndex SyncDevice IsTensorFloat32Enabled`,
  "print, to the terminal: see `writesByAttribute`": "Print PrintV2",
  // TensorFlow locks the generators of these. Only the next number drawn depends on them.
  "draw random numbers from a generator of their own": `
    RandomUniform RandomUniformInt RandomStandardNormal RandomShuffle RandomGamma RandomPoisson RandomPoissonV2 RandomCrop
    TruncatedNormal ParameterizedTruncatedNormal Multinomial NonDeterministicInts StatelessRandomGetAlg
    SampleDistortedBoundingBox SampleDistortedBoundingBoxV2 AllCandidateSampler FixedUnigramCandidateSampler
    LearnedUnigramCandidateSampler LogUniformCandidateSampler ThreadUnsafeUnigramCandidateSampler
    UniformCandidateSampler RandomDataset ExperimentalRandomDataset CudnnRNN CudnnRNNV2 CudnnRNNV3 CudnnRNNBackprop
    CudnnRNNBackpropV2 CudnnRNNBackpropV3`,
  "hold lists of tensors that TensorFlow frees at the end of a call": `
    TensorArray TensorArrayV2 TensorArrayV3 TensorArrayGrad TensorArrayGradV2 TensorArrayGradV3 TensorArrayGradWithShape
    TensorArrayRead TensorArrayReadV3 TensorArrayWrite TensorArrayWriteV3 TensorArrayGather TensorArrayGatherV3
    TensorArrayScatter TensorArrayScatterV3 TensorArrayConcat TensorArrayConcatV3 TensorArraySplit TensorArraySplitV3
    TensorArrayPack TensorArrayUnpack TensorArraySize TensorArraySizeV3 TensorArrayClose TensorArrayCloseV3 Stack StackV2
    StackPush StackPushV2 StackPop StackPopV2 StackClose StackCloseV2`,
  "describe datasets, or go through one within the call": `
    TensorDataset TensorSliceDataset SparseTensorSliceDataset RangeDataset ListDataset GeneratorDataset TextLineDataset
    TFRecordDataset TFRecordDatasetV2 FixedLengthRecordDataset FixedLengthRecordDatasetV2 CSVDataset CSVDatasetV2
    ExperimentalCSVDataset LMDBDataset ExperimentalLMDBDataset MatchingFilesDataset ExperimentalMatchingFilesDataset
    LoadDataset ListSnapshotChunksDataset GroupByReducerDataset ExperimentalGroupByReducerDataset ThreadPoolDataset
    ExperimentalThreadPoolDataset ReduceDataset DatasetToSingleElement`,
  // What `jax2tf` makes of a function; functions of TensorFlow that it calls are in an attribute.
  "run a compiled module": "XlaCallModule",
  // The library `tensorflow_decision_forests`, whose models are loaded when the SavedModel is initialized.
  "apply decision forests": `
    SimpleMLCreateModelResource SimpleMLInferenceOp SimpleMLInferenceOpWithHandle SimpleMLInferenceLeafIndexOpWithHandle`,
};

/**
 * Stateful operations that write one thing only, by its handle. Where that was made in the same call, no other call has
 * it. The key says which of the inputs the handle is.
 */
const HANDLE_WRITERS: Readonly<Record<number, string>> = {
  0: `IteratorGetNext IteratorGetNextSync IteratorGetNextAsOptional DeleteIterator LookupTableInsertV2
    LookupTableRemoveV2 LookupTableImportV2 InitializeTableV2 InitializeTableFromTextFileV2 InitializeTableFromDataset
    DeleteMemoryCache DeleteSeedGenerator DeleteRandomSeedGenerator`,
  1: "MakeIterator",
  // The order of each iteration is drawn from the generator.
  2: "RandomDatasetV2 ShuffleDatasetV2",
  3: "GlobalShuffleDataset",
  4: "ShuffleDatasetV3",
  5: "ShuffleAndRepeatDatasetV2",
};

/** Operations that make something which only the call has that ran them, and return its handle. */
const MAKERS: ReadonlySet<string> = words(`
  AnonymousIterator AnonymousIteratorV2 AnonymousIteratorV3 AnonymousHashTable AnonymousMutableHashTable
  AnonymousMutableHashTableOfTensors AnonymousMutableDenseHashTable AnonymousMemoryCache AnonymousSeedGenerator
  AnonymousRandomSeedGenerator DummyMemoryCache DummySeedGenerator`);

/** Operations that write though their OpDef does not call them stateful: files, or whatever a function outside does. */
const STATELESS_WRITERS: ReadonlySet<string> = words(`
  CacheDataset SnapshotDataset SnapshotDatasetV2 RegisterDataset RegisterDatasetV2 DebugIdentity DebugNanCount
  DebugNumericSummary PyFuncStateless XlaCustomCall XlaCustomCallV2`);

const HARMLESS: ReadonlySet<string> = words(Object.values(HARMLESS_GROUPS).join(" "));

const WRITTEN_HANDLES: ReadonlyMap<string, number> = new Map(
  Object.entries(HANDLE_WRITERS).flatMap(([input, types]) => [...words(types)].map((type) => [type, Number(input)])),
);

/**
 * Returns what operations of a type write: nothing that outlives a call, the thing that one of their inputs is the
 * handle of (its number), or something else.
 *
 * @param isStateful true if its OpDef says that it is, or has references for inputs; true for an unknown type
 */
export function effectOf(type: string, isStateful: boolean): "none" | "other" | number {
  if (!isStateful) return STATELESS_WRITERS.has(type) ? "other" : "none";
  if (HARMLESS.has(type)) return "none";
  return WRITTEN_HANDLES.get(type) ?? "other";
}

/** Returns true if an operation returns the handle of something that only this call has. */
export function makesHandle(type: string): boolean {
  return MAKERS.has(type);
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}
