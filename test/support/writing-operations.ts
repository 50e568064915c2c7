/**
 * The stateful operations of TensorFlow 2.21 that count as changes, by what they write or why nobody knows. They are all
 * that `runtime/saved-model/effects/operation-effects.ts` leaves out.
 */
export const WRITING_OPERATIONS: Readonly<Record<string, RegExp>> = {
  "variables, and the slots of optimizers":
    /^((Resource)?(Sparse)?Apply\w+|(Resource)?Scatter(Nd)?(Add|Div|Max|Min|Mul|Sub|Update)|Assign(Add|Sub)?(VariableOp)?|AssignVariableXlaConcatND|(Resource)?StridedSliceAssign|(Resource)?CountUpTo|DestroyResourceOp|DestroyTemporaryVariable|NegTrain|SdcaShrinkL1)$/,
  "the state of a random generator that is a variable":
    /^(Rng(ReadAndSkip|Skip)|Stateful(RandomBinomial|StandardNormal(V2)?|TruncatedNormal|Uniform(FullInt|Int)?))$/,
  "tables, by a reference": /^(LookupTable(Import|Insert)|InitializeTable(FromTextFile)?)$/,
  "boosted trees, and what is summed up for them":
    /^BoostedTrees(CenterBias|Create\w+|DeserializeEnsemble|FlushQuantileSummaries|QuantileStreamResource(AddSummaries|Deserialize|Flush)|UpdateEnsemble(V2)?)$/,
  "queues, barriers, accumulators and staging areas":
    /^(Queue(Close|Dequeue|Enqueue)\w*|Barrier(Close|InsertMany|TakeMany)|(Resource|Sparse)?Accumulator(ApplyGradient|SetGlobalStep|TakeGradient)|(Ordered)?Map(Clear|Stage|Unstage)(NoKey)?|Stage|StageClear|Unstage|AddSparseToTensorsMap|AddManySparseToTensorsMap|TakeManySparseFromTensorsMap)$/,
  // Where nothing is there they wait for it, which only another call could end.
  "nothing, but wait for staging areas and locks":
    /^((Ordered)?Map(IncompleteSize|Peek|Size)|Stage(Peek|Size)|(ConsumeMutexLock|MutexLock))$/,
  "the place in files or data that the next call goes on from":
    /^(\w*Reader(V2)?|Reader(Read(UpTo)?|Reset|RestoreState)(V2)?|RecordInput|Skipgram)$/,
  "iterators that may outlive a call, or are shared by devices":
    /^((Des|S)erializeIterator|IteratorGetModelProto|(Experimental)?IteratorGetDevice|(Anonymous|Delete)?MultiDeviceIterator\w*)$/,
  files:
    /^(Save(V2|Slices|Dataset|DatasetV2)?|DistributedSave|MergeV2Checkpoints|WriteFile|(Experimental)?DatasetToTFRecord|CacheDatasetV2|CalibrationStatisticsSaver|Debug(IdentityV2|IdentityV3)|DumpTensor|(Close|Flush)SummaryWriter|CreateSummary(Db|File)Writer|ImportEvent|Write(Audio|Graph|Histogram|Image|RawProto|Scalar)?Summary)$/,
  "statistics of datasets": /^((Experimental)?StatsAggregator\w+|(Experimental)?SetStatsAggregatorDataset)$/,
  "databases and services": /^((Experimental)?SqlDataset|DataServiceDataset(V\d)?|Rpc\w+|DeleteRpcFutureResource)$/,
  "tensors that a session keeps": /^(GetSessionHandle(V2)?|DeleteSessionTensor)$/,
  "whatever a program outside of the graph does": /^(PyFunc|EagerPyFunc|_?XlaHostCompute(Mlir)?)$/,
  "the settings of the process": /^(FileSystemSetConfiguration|WorkerHeartbeat)$/,
  "other devices and processes, which they exchange tensors with":
    /^(Collective\w+|Nccl\w+|_Nccl\w+|_?(Host)?(Recv|Send)|CrossReplicaSum|AllToAll|DTensor\w+|_?Xla(Recv|Send)\w*|_ScopedAllocator\w*)$/,
  "TPUs and their embeddings":
    /^((\w*TPU\w*)|(In|Out)feed\w+|XlaSparseCore\w+|XlaDequantize|ComputeDedupData\w+|ConvertToCooTensor|GetMinibatch\w+|GlobalIterId|StoreMinibatchStatisticsInFdo|UpdateTaskIdAndGlobalCoreArray)$/,
  "what TensorFlow itself puts into a graph when it compiles one":
    /^_Xla(Compile|CompileMlirPlaceholderProgramKey|Run)$/,
};
