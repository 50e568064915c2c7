"""`keras3_inputs`: a functional Keras 3 model with a dict of inputs, whose keys Keras numbers through the process."""

from pathlib import Path

import keras
import numpy as np

from .golden import Call, Case


def save(directory: Path) -> None:
    keras.Input(())  # Takes the name without a number: the others are as long as those of a later export.
    inputs = {"foo": keras.Input(()), "bar": keras.Input(())}
    model = keras.Model(inputs, keras.layers.Subtract()([inputs["foo"], inputs["bar"]]))
    model.export(str(directory), verbose=False)


def cases() -> list[Case]:
    foo, bar = np.array([1, 2], np.float32), np.array([10, 30], np.float32)
    return [Case("a dict", [Call("serve", {"keras_tensor_1": foo, "keras_tensor_2": bar})])]
