"""`keras3`: a Keras 3 model exported with an ExportArchive, trained with Adam (which has state of its own).

The archive tracks the variables that its endpoints use, the optimizer's among them, so that each is written once:
compare `keras3_tracked`.
"""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from .golden import Call, Case
from .loading import Tensors
from .saving import OPTIONS

X = tf.TensorSpec([None, 3], tf.float32, name="x")
TARGET = tf.TensorSpec([None, 1], tf.float32, name="target")


def save(directory: Path, track: bool = False) -> None:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(1)])
    adam = keras.optimizers.Adam(learning_rate=0.01)
    adam.build(model.trainable_variables)

    def predict(x: tf.Tensor) -> tf.Tensor:
        return model(x)

    def train(x: tf.Tensor, target: tf.Tensor) -> dict[str, tf.Tensor]:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(x, training=True) - target))
        variables = model.trainable_variables
        adam.apply(tape.gradient(loss, variables), variables)
        return {"step": adam.iterations.value.read_value(), "loss": loss}

    archive = keras.export.ExportArchive()
    if track:
        archive.track(model)
        archive.track(adam)
    archive.add_endpoint("predict", predict, input_signature=[X])
    archive.add_endpoint("train", train, input_signature=[X, TARGET])
    archive.write_out(str(directory), options=OPTIONS, verbose=False)


def cases() -> list[Case]:
    batch = _batch(4)
    predictions = [Call("predict", {"x": _batch(size)["x"]}) for size in (1, 3, 0)]
    same = [Call(signature, {"x": batch["x"]}) for signature in ("predict", "serving_default")]
    return [
        Case("predictions of several batch sizes", predictions),
        Case("training moves both inference endpoints", [Call("train", batch)] * 5 + [Call("train", _batch(2)), *same]),
    ]


def _batch(size: int) -> Tensors:
    """Examples of target = x0 - x1 / 2 + x2."""
    x = np.float32(np.random.default_rng(size).integers(-8, 9, (size, 3)) / 8)
    return {"x": x, "target": np.float32(x @ [[1], [-0.5], [1]])}
