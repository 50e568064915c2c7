"""`optimizers`: one small network under each of three Keras 3 optimizers, for comparing trainings with Python.

Each has its own copy of the same initial weights and its own slots, so that no training disturbs another. Beside the
usual golden there is `optimizers.training.json`: the rows, and the loss of every step of trainings over them.

These trainings are short. Processors round differently, and each step amplifies the difference: after 20 steps losses
differ by up to 2e-7 of their value, after 200 by up to 2e-4. `npm run conformance` compares 200 steps, with Python on the
same machine.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from .golden import Call, Case
from .loading import Model, Tensors, open_model

X = tf.TensorSpec([None, 2], tf.float32, name="x")
TARGET = tf.TensorSpec([None, 1], tf.float32, name="target")
LEARNING_RATE = tf.TensorSpec([], tf.float32, name="learning_rate")

# As for the other models; and nobody differentiates the loaded functions, whose gradients are large.
OPTIONS = tf.saved_model.SaveOptions(
    save_debug_info=False, experimental_debug_stripper=True, experimental_custom_gradients=False
)

LEARNING_RATES = {"adam": 0.03, "momentum": 0.05, "sgd": 0.1}
ROWS, BATCH, EPOCHS = 72, 16, 4
"""Five steps an epoch, the last of them with eight rows; 20 steps in all."""


class Trained:
    """A network of 32 parameters and its optimizer."""

    def __init__(self, optimizer: keras.optimizers.Optimizer) -> None:
        start = keras.initializers.GlorotUniform(seed=1)
        hidden = keras.layers.Dense(8, activation="tanh", kernel_initializer=start)
        last = keras.layers.Dense(1, use_bias=False, kernel_initializer=start)
        self.network = keras.Sequential([keras.Input((2,)), hidden, last])
        self.optimizer = optimizer
        optimizer.build(self.network.trainable_variables)
        self.variables = [variable.value for variable in self.network.variables + optimizer.variables]
        # Each step assigns the learning rate.
        state = [variable for variable in self.variables if variable is not optimizer.learning_rate.value]
        self._initial = [(variable, variable.numpy()) for variable in state]

    @tf.function(input_signature=[X, TARGET, LEARNING_RATE])
    def train(self, x: tf.Tensor, target: tf.Tensor, learning_rate: tf.Tensor) -> dict[str, tf.Tensor]:
        weights = self.network.trainable_variables
        with tf.GradientTape() as tape:
            loss = self._loss(x, target)
        self.optimizer.learning_rate.assign(learning_rate)
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        return {"loss": loss}

    @tf.function(input_signature=[X, TARGET])
    def evaluate(self, x: tf.Tensor, target: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"loss": self._loss(x, target)}

    def reset(self) -> tf.Tensor:
        """Takes everything back; returns how many steps that were."""
        steps = self.optimizer.iterations.value.read_value()
        with tf.control_dependencies([steps]):
            for variable, initial in self._initial:
                variable.assign(initial)
        return steps

    def _loss(self, x: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean(tf.square(self.network(x) - target))


def save(directory: Path) -> None:
    trained = {
        "adam": Trained(keras.optimizers.Adam()),
        "momentum": Trained(keras.optimizers.SGD(momentum=0.9)),
        "sgd": Trained(keras.optimizers.SGD()),
    }

    @tf.function(input_signature=[])
    def reset() -> dict[str, tf.Tensor]:
        return {"steps": tf.add_n([one.reset() for one in trained.values()])}

    root = tf.Module()
    root.model_variables = [variable for one in trained.values() for variable in one.variables]
    signatures = {"reset": reset}
    for name, one in trained.items():
        signatures |= {f"train_{name}": one.train, f"evaluate_{name}": one.evaluate}
    tf.saved_model.save(root, str(directory), signatures=signatures, options=OPTIONS)


def cases() -> list[Case]:
    x, target = _rows()
    rows = {"x": x[:4], "target": target[:4]}
    untrained = [Call(f"evaluate_{name}", rows) for name in LEARNING_RATES]
    steps = [_train(name, rows) for name in LEARNING_RATES for _ in range(3)]
    return [
        Case("all start from the same weights", untrained),
        Case("each trains by itself", [*steps, *untrained]),
        Case("a reset takes weights and slots back", [*steps, Call("reset"), *untrained, *steps]),
    ]


def write_more(directory: Path) -> None:
    """Writes the trainings, whose batches would be long in the form of a golden."""
    x, target = _rows()
    in_order = [list(range(ROWS))] * EPOCHS
    random = np.random.default_rng(3)
    shuffled = [random.permutation(ROWS).tolist() for _ in range(EPOCHS)]
    trainings = [
        {"optimizer": name, "learning_rate": LEARNING_RATES[name], "shuffled": order is shuffled}
        | training(open_model(directory), name, order)
        for order in (in_order, shuffled)
        for name in LEARNING_RATES
    ]
    parts = {
        "tensorflow": tf.__version__,
        "batch": BATCH,
        "epochs": EPOCHS,
        "x": x.tolist(),
        "target": target.tolist(),
        "shuffled": shuffled,
    }
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in parts.items()]
    lines.append('"trainings": [\n' + ",\n".join(map(json.dumps, trainings)) + "\n]")
    path = directory.with_name(f"{directory.name}.training.json")
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def training(model: Model, name: str, epochs: list[list[int]]) -> dict[str, float | list[float]]:
    """Trains with the rows in the order of each epoch; returns the loss of every step, then that of all rows."""
    x, target = _rows()
    losses = [float(model.call(*_step(name, x, target, rows))["loss"]) for rows in _batches(epochs)]
    evaluated = model.call(f"evaluate_{name}", {"x": x, "target": target})
    return {"losses": losses, "evaluated": float(evaluated["loss"])}


def _batches(epochs: list[list[int]]) -> Iterator[list[int]]:
    for order in epochs:
        for start in range(0, ROWS, BATCH):
            yield order[start : start + BATCH]


def _step(name: str, x: np.ndarray, target: np.ndarray, rows: list[int]) -> tuple[str, Tensors]:
    call = _train(name, {"x": x[rows], "target": target[rows]})
    return call.signature, call.inputs


def _train(name: str, rows: Tensors) -> Call:
    return Call(f"train_{name}", {**rows, "learning_rate": np.array(LEARNING_RATES[name], np.float32)})


def _rows() -> tuple[np.ndarray, np.ndarray]:
    """Examples of target = x0 x1 + sin(2 x0), in numbers that are short to write."""
    x = np.random.default_rng(2).integers(-16, 17, (ROWS, 2)) / 8
    target = x[:, :1] * x[:, 1:] + np.sin(2 * x[:, :1])
    return np.float32(x), np.float32(np.round(target * 64) / 64)
