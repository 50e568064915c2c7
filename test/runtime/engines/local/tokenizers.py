"""Writes `tokenizers/`, a SavedModel with operations of tensorflow-text, and its golden: what Python answers.

    pip install -r ../../../models/requirements.txt tensorflow-text==2.21.*
    python tokenizers.py
"""

import os
import shutil
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "models"))

import numpy as np  # noqa: E402  (TensorFlow reads its log level when it is imported)
import tensorflow as tf  # noqa: E402
import tensorflow_text as text  # noqa: E402

from authoring.golden import Call, Case, strings, write  # noqa: E402
from authoring.record import record  # noqa: E402
from authoring.saving import OPTIONS  # noqa: E402

VOCABULARY = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "token", "##izer", "##izers", "##s", "split", "greet", "##ing", "na", "##ive",
    "cafe", "!", ",", "good", "bad",
]
TEXTS = tf.TensorSpec([None], tf.string, name="texts")


class Tokenizers(tf.Module):
    """Tokenizes texts, and trains a classifier of tokenized texts as those before BERT do."""

    def __init__(self) -> None:
        super().__init__()
        self.whitespace_tokenizer = text.WhitespaceTokenizer()
        self.wordpiece_tokenizer = text.FastWordpieceTokenizer(VOCABULARY, token_out_type=tf.int32, no_pretokenization=True)
        self.bert_tokenizer = text.FastBertTokenizer(VOCABULARY, token_out_type=tf.int32, lower_case_nfd_strip_accents=True)
        self.embedding = tf.Variable(tf.random.stateless_normal([len(VOCABULARY), 4], seed=[1, 2]), name="embedding")
        self.head = tf.Variable(tf.random.stateless_normal([4, 1], seed=[3, 4]), name="head")

    @tf.function(input_signature=[TEXTS])
    def whitespace(self, texts: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"tokens": self.whitespace_tokenizer.tokenize(texts).to_tensor("")}

    @tf.function(input_signature=[TEXTS])
    def wordpiece(self, texts: tf.Tensor) -> dict[str, tf.Tensor]:
        words = self.whitespace_tokenizer.tokenize(texts)
        parts = self.wordpiece_tokenizer.tokenize_with_offsets(words)
        tokens, starts, ends = (part.merge_dims(-2, -1).to_tensor(-1) for part in parts)
        return {"tokens": tokens, "starts": starts, "ends": ends}

    @tf.function(input_signature=[TEXTS])
    def bert(self, texts: tf.Tensor) -> dict[str, tf.Tensor]:
        return self._segments(self.bert_tokenizer.tokenize(texts))

    def _segments(self, tokens: tf.RaggedTensor) -> dict[str, tf.Tensor]:
        ids, types = text.combine_segments([tokens], start_of_sequence_id=2, end_of_segment_id=3)
        word_ids, mask = text.pad_model_inputs(ids, max_seq_length=8)
        type_ids, _ = text.pad_model_inputs(types, max_seq_length=8)
        return {"input_word_ids": word_ids, "input_mask": mask, "input_type_ids": type_ids}

    @tf.function(input_signature=[TEXTS])
    def normalize(self, texts: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"nfkc": text.normalize_utf8(texts, "NFKC"), "folded": text.case_fold_utf8(texts)}

    def _logits(self, texts: tf.Tensor) -> tf.Tensor:
        words = self.whitespace_tokenizer.tokenize(text.case_fold_utf8(texts))
        inputs = self._segments(self.wordpiece_tokenizer.tokenize(words).merge_dims(-2, -1))
        mask = tf.cast(inputs["input_mask"], tf.float32)[:, :, None]
        embedded = tf.gather(self.embedding, inputs["input_word_ids"]) * mask
        return tf.squeeze(tf.reduce_sum(embedded, 1) / tf.reduce_sum(mask, 1) @ self.head, 1)

    @tf.function(input_signature=[TEXTS])
    def classify(self, texts: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"probability": tf.sigmoid(self._logits(texts))}

    @tf.function(input_signature=[TEXTS, tf.TensorSpec([None], tf.float32, name="labels")])
    def train(self, texts: tf.Tensor, labels: tf.Tensor) -> dict[str, tf.Tensor]:
        variables = [self.embedding, self.head]
        with tf.GradientTape() as tape:
            losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=self._logits(texts))
            loss = tf.reduce_mean(losses)
        for variable, gradient in zip(variables, tape.gradient(loss, variables)):
            variable.assign_sub(0.5 * tf.convert_to_tensor(gradient))
        return {"loss": loss}


def cases() -> list[Case]:
    plain = strings("the tokenizer splits, greeting!", "", "Na\u00efve CAF\u00c9 tokenizers", "  two\tspaces\n", "\u5b57 the")
    odd = strings("\ufb01ne \u2460", "Stra\u00dfe", "A\u030a", "\uff34\uff28\uff25", "\U0001f44b\U0001f3fd")
    batch = strings("good tokenizer", "bad", "the good split", "bad bad greeting")
    labels = np.array([1, 0, 1, 0], np.float32)
    return [
        *(Case(f"{name} of {kind}", [Call(name, {"texts": texts})])
          for name in ("whitespace", "wordpiece", "bert", "normalize")
          for kind, texts in (("plain texts", plain), ("other alphabets", odd), ("no texts", strings()))),
        Case("five steps of training", [
            Call("classify", {"texts": batch}),
            *(Call("train", {"texts": batch, "labels": labels}) for _ in range(5)),
            Call("classify", {"texts": batch}),
        ]),
    ]


def main() -> None:
    directory = HERE / "tokenizers"
    shutil.rmtree(directory, ignore_errors=True)
    model = Tokenizers()
    names = ("whitespace", "wordpiece", "bert", "normalize", "classify", "train")
    signatures = {name: getattr(model, name) for name in names}
    tf.saved_model.save(model, str(directory), signatures=signatures, options=OPTIONS)
    write(HERE / "tokenizers.golden.json", "tokenizers", record(directory, cases(), True))


if __name__ == "__main__":
    main()
