import { printable } from "../../base/text.js";

/** Files of the Python package tensorflow-text 2.21, below `tensorflow_text/python/`, with the operations in each. */
const TEXT_FILES: Readonly<Record<string, string>> = {
  "metrics/_text_similarity_metric_ops.so": "RougeL",
  "ops/_boise_offset_converter.so": "TFText>BoiseTagsToOffsets TFText>OffsetsToBoiseTags",
  "ops/_byte_splitter.so": "TFText>ByteSplitByOffsets TFText>ByteSplitWithOffsets",
  "ops/_constrained_sequence_op.so": "ConstrainedSequence",
  "ops/_fast_bert_normalizer.so": "FastBertNormalize",
  "ops/_fast_sentencepiece_tokenizer.so": "TFText>FastSentencepieceDetokenize TFText>FastSentencepieceTokenize",
  "ops/_fast_wordpiece_tokenizer.so": "FastWordpieceTokenizeWithOffsets TFText>FastWordpieceDetokenize",
  "ops/_mst_ops.so": "MaxSpanningTree",
  "ops/_ngrams_op.so": "TFText>NgramsStringJoin",
  "ops/_normalize_ops.so": "CaseFoldUTF8 FindSourceOffsets NormalizeUTF8 NormalizeUTF8WithOffsetsMap",
  "ops/_phrase_tokenizer.so": "PhraseTokenize TFText>PhraseDetokenize",
  "ops/_regex_split_ops.so": "RegexSplitWithOffsets",
  "ops/_sentence_breaking_ops.so": "SentenceFragments",
  "ops/_sentencepiece_tokenizer.so":
    "SentencepieceDetokenizeOp SentencepieceIdToStringOp SentencepieceOp SentencepieceStringToIdOp SentencepieceTokenizeOp SentencepieceTokenizeWithOffsetsOp SentencepieceVocabSizeOp",
  "ops/_split_merge_from_logits_tokenizer.so": "TokenizerFromLogits",
  "ops/_split_merge_tokenizer.so": "SplitMergeTokenizeWithOffsets",
  "ops/_state_based_sentence_breaker_op.so": "SentenceFragmentsV2",
  "ops/_trimmer_ops.so": "TFText>RoundRobinGenerateMasks TFText>RoundRobinTrim",
  "ops/_unicode_script_tokenizer.so": "UnicodeScriptTokenizeWithOffsets",
  "ops/_utf8_binarize_op.so": "TFText>Utf8Binarize",
  "ops/_whitespace_tokenizer.so": "WhitespaceTokenizeWithOffsets",
  "ops/_whitespace_tokenizer_v2.so": "TFText>WhitespaceTokenizeWithOffsetsV2",
  "ops/_wordpiece_tokenizer.so": "WordpieceTokenizeWithOffsets",
};

/** Prefixes that packages give the names of their operations. */
const PREFIXES: Readonly<Record<string, string>> = {
  "TFText>": "tensorflow-text",
  "Addons>": "tensorflow-addons",
  "IO>": "tensorflow-io",
  "TFRA>": "tensorflow-recommenders-addons",
  SimpleML: "tensorflow-decision-forests",
  Horovod: "horovod",
  Tfq: "tensorflow-quantum",
};

/** Packages whose operations `savedmodel install --with` installs, to be named in `opLibraries`. */
export const OP_PACKS: readonly string[] = ["tensorflow-text", "tensorflow-decision-forests"];

/** Returns true for the name of a pack, in a list that may contain paths as well. */
export function isOpPack(name: string): boolean {
  return OP_PACKS.includes(name);
}

/** A Python package that has an operation which TensorFlow lacks. */
interface OpPackage {
  /** As pip knows it. */
  readonly name: string;
  /** The shared library with the operation and its kernel, where that is known: a path below `site-packages`. */
  readonly file?: string;
}

/** The package that an operation comes from, if it is a well-known one. */
function packageOfOp(op: string): OpPackage | undefined {
  const file = Object.entries(TEXT_FILES).find(([, ops]) => ops.split(" ").includes(op))?.[0];
  if (file !== undefined) return { name: "tensorflow-text", file: `tensorflow_text/python/${file}` };
  const name = Object.entries(PREFIXES).find(([prefix]) => op.startsWith(prefix))?.[1];
  return name === undefined ? undefined : { name };
}

/** Returns the name and origin of an operation, for messages: `NormalizeUTF8 (tensorflow-text: _normalize_ops.so)`. */
export function describeOp(op: string): string {
  const found = packageOfOp(op);
  if (found === undefined) return printable(op);
  const file = found.file === undefined ? "" : `: ${found.file.slice(found.file.lastIndexOf("/") + 1)}`;
  return `${printable(op)} (${found.name}${file})`;
}

/** Returns what to do about an operation that TensorFlow lacks. */
export function adviseOnOp(op: string): string {
  const option = "to load() as `opLibraries`, or to the command line as --op-library";
  const found = packageOfOp(op);
  if (found !== undefined && isOpPack(found.name)) {
    return `The Python package ${found.name} has it: run \`npx savedmodel install --with ${found.name}\`, and pass "${found.name}" ${option}.`;
  }
  if (found !== undefined) {
    return `The Python package ${found.name} has it: pass the shared library with its kernel ${option}. The package must be of the version of TensorFlow.`;
  }
  return `If it is a custom one, pass the shared library with its kernel ${option}; if it is one of a newer TensorFlow than the installed one, see \`npx savedmodel doctor\`.`;
}
