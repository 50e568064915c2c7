"""`regression`: a linear model without Keras, with any batch size and a learning rate that is an argument.

The author's order of arguments (`x, target, learning_rate`) is the reverse of the alphabetical one.
"""

from pathlib import Path

import numpy as np
import tensorflow as tf

from .golden import Call, Case
from .loading import Tensors
from .saving import OPTIONS

X = tf.TensorSpec([None, 2], tf.float32, name="x")
TARGET = tf.TensorSpec([None, 1], tf.float32, name="target")
LEARNING_RATE = tf.TensorSpec([], tf.float32, name="learning_rate")


class Regression(tf.Module):
    """x @ w + b."""

    def __init__(self) -> None:
        super().__init__()
        self.w = tf.Variable([[0.5], [-0.25]], name="w")
        self.b = tf.Variable(0.0, name="b")

    @tf.function(input_signature=[X, TARGET, LEARNING_RATE])
    def train(self, x: tf.Tensor, target: tf.Tensor, learning_rate: tf.Tensor) -> dict[str, tf.Tensor]:
        with tf.GradientTape() as tape:
            errors = self._errors(x, target)
        for variable, gradient in zip((self.w, self.b), tape.gradient(errors["loss"], (self.w, self.b))):
            variable.assign_sub(learning_rate * gradient)
        return errors

    @tf.function(input_signature=[X, TARGET])
    def evaluate(self, x: tf.Tensor, target: tf.Tensor) -> dict[str, tf.Tensor]:
        return self._errors(x, target)

    @tf.function(input_signature=[X])
    def pred(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"prediction": self._predict(x)}

    @tf.function(input_signature=[])
    def weights(self) -> dict[str, tf.Tensor]:
        return {"w": self.w.read_value(), "b": self.b.read_value()}

    def _predict(self, x: tf.Tensor) -> tf.Tensor:
        return tf.matmul(x, self.w) + self.b

    def _errors(self, x: tf.Tensor, target: tf.Tensor) -> dict[str, tf.Tensor]:
        error = self._predict(x) - target
        return {"loss": tf.reduce_mean(tf.square(error)), "mae": tf.reduce_mean(tf.abs(error))}


def save(directory: Path) -> None:
    model = Regression()
    signatures = {"train": model.train, "evaluate": model.evaluate, "pred": model.pred, "weights": model.weights}
    tf.saved_model.save(model, str(directory), signatures=signatures, options=OPTIONS)


def cases() -> list[Case]:
    random = np.random.default_rng(1)
    learning_rate = np.array(0.1, dtype=np.float32)
    steps = [
        Call("train", {**_batch(random, size), "learning_rate": learning_rate})
        for size in (1, 2, 3, 5, 8, 8, 5, 3, 2, 1)
    ]
    evaluate = Call("evaluate", _batch(random, 4))
    return [
        Case("initial weights", [Call("weights")]),
        Case("predictions of several batch sizes", [_pred(random, size) for size in (1, 4, 0)]),
        Case("ten steps of several batch sizes", [evaluate, *steps, Call("weights"), evaluate, _pred(random, 3)]),
        Case("a learning rate of zero changes nothing", [_still(random), Call("weights")]),
    ]


def _batch(random: np.random.Generator, size: int) -> Tensors:
    """Examples of target = 2 x0 - 3 x1 + 1."""
    x = np.float32(random.integers(-8, 9, (size, 2)) / 8)
    return {"x": x, "target": np.float32(x @ [[2], [-3]] + 1)}


def _pred(random: np.random.Generator, size: int) -> Call:
    return Call("pred", {"x": _batch(random, size)["x"]})


def _still(random: np.random.Generator) -> Call:
    return Call("train", {**_batch(random, 2), "learning_rate": np.array(0, dtype=np.float32)})
