"""Authors `sentences`: word vectors that stay as they are below a head that is untrained, for examples/text-transfer.ts.

    python sentences.py

The vectors are made here, before anybody says what is to be told apart: words that appear in the same sentences get
similar ones. The sentences are made up of the lists below, so that the model is small and nothing is downloaded.
"""

import os
import shutil
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402  (it reads its log level when it is imported)

CLASSES, SIZE, SENTENCES = 3, 16, 4000

SUBJECTS = (
    "parcel package box courier driver delivery delivered shipment shipped arrive arrived tracking address door "
    "warehouse late lost post customs doorstep truck dispatched neighbour",
    "invoice bill charge charged refund refunded payment paid pay card bank money price cost fee discount receipt "
    "amount euros credit twice tax subscription",
    "app website screen crash crashes crashed error login password button page update browser phone computer loading "
    "freezes bug install version click account frozen",
    "rain sun snow wind cloud weather storm cold warm forecast temperature sky umbrella thunder",
    "bread cheese soup dinner cook kitchen tasty recipe salt pepper oven lunch apple coffee",
    "match goal team player coach score league football tennis race won stadium referee training",
)
EVERYWHERE = (
    "a about after again all an and any are at be been but by can do does for from get had has have how i in is it me my "
    "no not of on one please since so still that the there they this to today was we what when where why with you your"
)


def word_vectors() -> tuple[list[str], np.ndarray]:
    """The words, and a vector of each: the singular vectors of how much more often than by chance two appear together."""
    random = np.random.default_rng(1)
    subjects, everywhere = [text.split() for text in SUBJECTS], EVERYWHERE.split()
    words = sorted({word for text in (*SUBJECTS, EVERYWHERE) for word in text.split()})
    place = {word: index for index, word in enumerate(words)}
    together = np.zeros((len(words), len(words)))
    for _ in range(SENTENCES):
        subject = subjects[random.integers(len(subjects))]
        sentence = [*random.choice(subject, 4, replace=False), *random.choice(everywhere, 4, replace=False)]
        at = [place[word] for word in sentence]
        together[np.ix_(at, at)] += 1
    np.fill_diagonal(together, 0)
    often = together.sum(axis=1, keepdims=True)
    chance = often * often.T / together.sum()
    associations = np.log(np.maximum(together, 1e-9) / chance).clip(min=0)
    left, strengths, _ = np.linalg.svd(associations)
    return words, np.float32(left[:, :SIZE] * np.sqrt(strengths[:SIZE]))


class Sentences(tf.Module):
    """The sum of a text's word vectors, brought to length 1, and a linear layer: the head, all that is trained."""

    def __init__(self, vocabulary: Path, vectors: np.ndarray) -> None:
        super().__init__()
        line, number = tf.lookup.TextFileIndex.WHOLE_LINE, tf.lookup.TextFileIndex.LINE_NUMBER
        words = tf.lookup.TextFileInitializer(str(vocabulary), tf.string, line, tf.int64, number)
        self.table = tf.lookup.StaticHashTable(words, default_value=len(vectors))
        # The last row is that of words that are not in the vocabulary: they add nothing.
        rows = np.vstack([vectors, np.zeros((1, SIZE), np.float32)])
        self.vectors = tf.Variable(rows, trainable=False, name="vectors")
        self.kernel = tf.Variable(tf.zeros([SIZE, CLASSES]), name="kernel")
        self.bias = tf.Variable(tf.zeros([CLASSES]), name="bias")

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, name="texts"),
            tf.TensorSpec([None], tf.int32, name="labels"),
            tf.TensorSpec([], tf.float32, name="learning_rate"),
        ]
    )
    def train(self, texts: tf.Tensor, labels: tf.Tensor, learning_rate: tf.Tensor) -> dict[str, tf.Tensor]:
        head = (self.kernel, self.bias)
        with tf.GradientTape() as tape:
            measured = self._measure(texts, labels)
        for variable, gradient in zip(head, tape.gradient(measured["loss"], head)):
            variable.assign_sub(learning_rate * gradient)
        return measured

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, name="texts"),
            tf.TensorSpec([None], tf.int32, name="labels"),
        ]
    )
    def evaluate(self, texts: tf.Tensor, labels: tf.Tensor) -> dict[str, tf.Tensor]:
        return self._measure(texts, labels)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="texts")])
    def classify(self, texts: tf.Tensor) -> dict[str, tf.Tensor]:
        probabilities = tf.nn.softmax(self._logits(texts))
        return {"labels": tf.argmax(probabilities, axis=1, output_type=tf.int32), "probabilities": probabilities}

    def _logits(self, texts: tf.Tensor) -> tf.Tensor:
        letters = tf.strings.regex_replace(tf.strings.lower(texts, encoding="utf-8"), r"[^\p{L}]+", " ")
        words = self.table.lookup(tf.strings.split(letters))
        sums = tf.reduce_sum(tf.gather(self.vectors, words), axis=1)
        return tf.math.l2_normalize(sums, axis=1) @ self.kernel + self.bias

    def _measure(self, texts: tf.Tensor, labels: tf.Tensor) -> dict[str, tf.Tensor]:
        logits = self._logits(texts)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        right = tf.equal(tf.argmax(logits, axis=1, output_type=tf.int32), labels)
        return {"loss": tf.reduce_mean(losses), "accuracy": tf.reduce_mean(tf.cast(right, tf.float32))}


def main() -> None:
    words, vectors = word_vectors()
    options = tf.saved_model.SaveOptions(
        save_debug_info=False, experimental_debug_stripper=True, experimental_custom_gradients=False
    )
    directory = Path(__file__).resolve().with_suffix("")
    shutil.rmtree(directory, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        vocabulary = Path(folder) / "vocabulary.txt"
        vocabulary.write_text("\n".join(words) + "\n", encoding="utf-8")
        model = Sentences(vocabulary, vectors)
        signatures = {"train": model.train, "evaluate": model.evaluate, "classify": model.classify}
        tf.saved_model.save(model, str(directory), signatures=signatures, options=options)


if __name__ == "__main__":
    main()
