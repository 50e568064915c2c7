"""`custom_model`: a subclassed Keras model with a `train` signature, trained one example at a time.

The root that is saved is a module that holds the variables, so that each is written once: compare `keras3_saved`.
"""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from .golden import Call, Case
from .saving import OPTIONS


class CustomModel(keras.Model):
    """Two linear layers, trained by gradient descent on the mean squared error."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = keras.layers.Dense(2)
        self.last = keras.layers.Dense(1)
        self.descent = keras.optimizers.SGD(learning_rate=0.01)
        self(tf.zeros([1, 2]))
        self.descent.build(self.trainable_variables)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return self.last(self.hidden(inputs))

    @tf.function
    def train(self, training_input: tf.Tensor, training_target: tf.Tensor) -> dict[str, tf.Tensor]:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(self(training_input) - training_target))
        variables = self.trainable_variables
        self.descent.apply(tape.gradient(loss, variables), variables)
        return {"loss": loss}

    @tf.function
    def pred(self, inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"output": self(inputs)}


def save(directory: Path, whole_model: bool = False) -> None:
    model = CustomModel()
    train = model.train.get_concrete_function(
        tf.TensorSpec([1, 2], tf.float32, name="training_input"),
        tf.TensorSpec([1, 1], tf.float32, name="training_target"),
    )
    pred = model.pred.get_concrete_function(tf.TensorSpec([1, 2], tf.float32, name="inputs"))
    root = model if whole_model else tf.Module()
    if not whole_model:
        root.model_variables = [variable.value for variable in model.variables + model.descent.variables]
    tf.saved_model.save(root, str(directory), signatures={"train": train, "pred": pred}, options=OPTIONS)


def cases() -> list[Case]:
    example = {"training_input": np.float32([[1, 1]]), "training_target": np.float32([[2]])}
    pred = Call("pred", {"inputs": np.float32([[1, 1]])})
    return [
        Case("an untrained model predicts", [pred, Call("pred", {"inputs": np.float32([[-2, 0.5]])})]),
        Case("five steps on one example, then a prediction", [Call("train", example)] * 5 + [pred]),
    ]
