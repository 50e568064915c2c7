/** Types of operations whose resource outlives a run, and is found by its container and name. */
export const HOLDERS: ReadonlySet<string> = new Set([
  "VarHandleOp",
  "Variable",
  "VariableV2",
  "HashTable",
  "HashTableV2",
  "MutableHashTable",
  "MutableHashTableV2",
  "MutableHashTableOfTensors",
  "MutableHashTableOfTensorsV2",
  "MutableDenseHashTable",
  "MutableDenseHashTableV2",
]);
