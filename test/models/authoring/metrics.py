"""`metrics`: a classifier whose signatures return Keras metrics, which run on, beside ones that return a batch's own values.

Beside the usual golden there is `metrics.training.json`: rows, and the histories of Keras' own `fit` over them.
"""

import json
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from .golden import Call, Case

X = tf.TensorSpec([None, 3], tf.float32, name="x")
LABEL = tf.TensorSpec([None], tf.int64, name="label")

# As for `optimizers`: nobody differentiates the loaded functions.
OPTIONS = tf.saved_model.SaveOptions(
    save_debug_info=False, experimental_debug_stripper=True, experimental_custom_gradients=False
)

ROWS, HELD, BATCH, EPOCHS = 50, 21, 16, 4
"""Three steps an epoch and one of two rows; two batches to validate with, of which the second is smaller."""


class PositiveAUC(keras.metrics.AUC):
    """The area under the curve of the probability of class 1."""

    def update_state(self, y_true, y_pred, sample_weight=None):
        return super().update_state(y_true, y_pred[:, 1], sample_weight)


def _network() -> keras.Sequential:
    start = keras.initializers.GlorotUniform(seed=4)
    return keras.Sequential([
        keras.Input((3,)),
        keras.layers.Dense(6, activation="tanh", kernel_initializer=start),
        keras.layers.Dense(2, activation="softmax", kernel_initializer=start),
    ])


def _metrics() -> list[keras.metrics.Metric]:
    return [keras.metrics.SparseCategoricalAccuracy(name="accuracy"), PositiveAUC(num_thresholds=50, name="auc")]


class Classifier(tf.Module):
    """Two classes of three numbers."""

    def __init__(self) -> None:
        super().__init__()
        self._network = _network()
        self._adam = keras.optimizers.Adam(0.05)
        self._adam.build(self._network.trainable_variables)
        self._metrics = [keras.metrics.Mean(name="loss"), *_metrics()]
        self._crossentropy = keras.losses.SparseCategoricalCrossentropy()
        owners = [self._network, self._adam, *self._metrics]
        self.model_variables = [variable.value for owner in owners for variable in owner.variables]
        # As somebody would write them who thinks of no optimizer: they call themselves trainable.
        self.total = tf.Variable(0.0, name="total")
        self.count = tf.Variable(0.0, name="count")
        # As some metrics of Keras have one that their result does not read.
        self.unread = tf.Variable(0.0, name="unread")

    @tf.function(input_signature=[X, LABEL])
    def train(self, x: tf.Tensor, label: tf.Tensor) -> dict[str, tf.Tensor]:
        loss, probabilities = self._step(x, label)
        return self._measure(loss, label, probabilities)

    @tf.function(input_signature=[X, LABEL])
    def evaluate(self, x: tf.Tensor, label: tf.Tensor) -> dict[str, tf.Tensor]:
        probabilities = self._network(x, training=False)
        return self._measure(self._crossentropy(label, probabilities), label, probabilities)

    @tf.function(input_signature=[X, LABEL])
    def train_batch(self, x: tf.Tensor, label: tf.Tensor) -> dict[str, tf.Tensor]:
        loss, probabilities = self._step(x, label)
        return {"loss": loss, "accuracy": _accuracy(label, probabilities), "steps": self._adam.iterations + 0}

    @tf.function(input_signature=[X, LABEL])
    def evaluate_batch(self, x: tf.Tensor, label: tf.Tensor) -> dict[str, tf.Tensor]:
        probabilities = self._network(x, training=False)
        return {"loss": self._crossentropy(label, probabilities), "accuracy": _accuracy(label, probabilities)}

    @tf.function(input_signature=[X])
    def measure(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        """Means by hand, and the sum as it is assigned."""
        total = self.total + tf.reduce_sum(x)
        self.total.assign(total)
        self.count.assign_add(tf.cast(tf.size(x), tf.float32))
        self.unread.assign_add(1.0)
        return {"mean": self.total / self.count, "sum": total, "largest": tf.reduce_max(x)}

    @tf.function(input_signature=[])
    def reset_metrics(self) -> dict[str, tf.Tensor]:
        for metric in self._metrics:
            metric.reset_state()
        return {"done": tf.constant(True)}

    @tf.function(input_signature=[])
    def reset_measure(self) -> dict[str, tf.Tensor]:
        self.total.assign(0.0)
        self.count.assign(0.0)
        self.unread.assign(0.0)
        return {"done": tf.constant(True)}

    @tf.function(input_signature=[X])
    def predict(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"probabilities": self._network(x, training=False)}

    @tf.function(input_signature=[tf.TensorSpec([8, 3], tf.float32, name="x")])
    def predict_eight(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        """The same, for eight rows at a time."""
        return {"probabilities": self._network(x, training=False)}

    @tf.function(input_signature=[tf.TensorSpec([8, 3], tf.float32, name="x"), tf.TensorSpec([8], tf.int64, name="label")])
    def evaluate_eight(self, x: tf.Tensor, label: tf.Tensor) -> dict[str, tf.Tensor]:
        probabilities = self._network(x, training=False)
        return {"loss": self._crossentropy(label, probabilities), "accuracy": _accuracy(label, probabilities)}

    @tf.function(input_signature=[X])
    def anneal(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        """A value of the batch alone, which is computed with the count of steps."""
        steps = tf.cast(self._adam.iterations.assign_add(1), tf.float32)
        return {"annealed": tf.reduce_mean(x) * steps}

    @tf.function(input_signature=[])
    def reset_all(self) -> dict[str, tf.Tensor]:
        """Not to be called by a training: it also takes back how often Adam has made a step."""
        for metric in self._metrics:
            metric.reset_state()
        self._adam.iterations.assign(0)
        return {"done": tf.constant(True)}

    @tf.function(input_signature=[])
    def reset_steps(self) -> dict[str, tf.Tensor]:
        """Not to be called by a training: Adam counts its steps with it."""
        self._adam.iterations.assign(0)
        return {"done": tf.constant(True)}

    def _step(self, x: tf.Tensor, label: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        weights = self._network.trainable_variables
        with tf.GradientTape() as tape:
            probabilities = self._network(x, training=True)
            loss = self._crossentropy(label, probabilities)
        self._adam.apply(tape.gradient(loss, weights), weights)
        return loss, probabilities

    def _measure(self, loss: tf.Tensor, label: tf.Tensor, probabilities: tf.Tensor) -> dict[str, tf.Tensor]:
        mean, *others = self._metrics
        mean.update_state(loss, sample_weight=tf.shape(label)[0])
        for metric in others:
            metric.update_state(label, probabilities)
        return {metric.name: metric.result() for metric in self._metrics}


def _accuracy(label: tf.Tensor, probabilities: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.cast(tf.equal(tf.argmax(probabilities, axis=1), label), tf.float32))


def save(directory: Path) -> None:
    model = Classifier()
    names = ("train", "evaluate", "train_batch", "evaluate_batch", "measure", "anneal")
    inference = ("predict", "predict_eight", "evaluate_eight")
    resets = ("reset_all", "reset_metrics", "reset_measure", "reset_steps")
    signatures = {name: getattr(model, name) for name in (*names, *inference, *resets)}
    tf.saved_model.save(model, str(directory), signatures=signatures, options=OPTIONS)


def cases() -> list[Case]:
    x, label = _rows(ROWS, seed=5)
    first = {"x": x[:8], "label": label[:8]}
    second = {"x": x[8:12], "label": label[8:12]}
    return [
        Case(
            "metrics run on until they are reset",
            [Call("evaluate", first), Call("evaluate", second), Call("reset_metrics"), Call("evaluate", second)],
        ),
        Case("a batch's own values do not", [Call("evaluate_batch", first), Call("evaluate_batch", first)]),
        Case("predictions", [Call("predict", {"x": x[:3]}), Call("predict_eight", {"x": x[:8]})]),
        Case("means by hand run on, too", [Call("measure", {"x": x[:2]}), Call("measure", {"x": x[:3]})]),
    ]


def write_more(directory: Path) -> None:
    """Writes the histories of Keras' own trainings."""
    x, label = _rows(ROWS, seed=5)
    held_x, held_label = _rows(HELD, seed=6)
    parts = {
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "batch": BATCH,
        "epochs": EPOCHS,
        "x": x.tolist(),
        "label": label.tolist(),
        "held": {"x": held_x.tolist(), "label": held_label.tolist()},
    }
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in parts.items()]
    lines.append(f'"inference": {json.dumps(_inference((x, label)))}')
    trainings = [_training(rows, (x, label), (held_x, held_label)) for rows in (ROWS, ROWS - ROWS % BATCH)]
    lines.append('"trainings": [\n' + ",\n".join(map(json.dumps, trainings)) + "\n]")
    path = directory.with_name(f"{directory.name}.training.json")
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _training(rows: int, data: tuple, held: tuple) -> dict:
    """The history of a training with so many rows."""
    network = _network()
    network.compile(keras.optimizers.Adam(0.05), keras.losses.SparseCategoricalCrossentropy(), metrics=_metrics())
    x, label = data
    history = network.fit(
        x[:rows], label[:rows], batch_size=BATCH, epochs=EPOCHS, shuffle=False,
        validation_data=held, validation_batch_size=BATCH, verbose=0,
    )
    return {"rows": rows, "history": {name: [float(value) for value in values] for name, values in history.history.items()}}


def _inference(data: tuple) -> dict:
    """What `predict` and `evaluate` of Keras give for the untrained network, in batches of which the last is smaller."""
    network = _network()
    network.compile(loss=keras.losses.SparseCategoricalCrossentropy(), metrics=_metrics())
    evaluated = network.evaluate(*data, batch_size=BATCH, verbose=0, return_dict=True)
    predicted = network.predict(data[0], batch_size=BATCH, verbose=0)
    return {"evaluated": {name: float(value) for name, value in evaluated.items()}, "predicted": predicted.tolist()}


def _rows(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Points, and whether they are on one side of a plane that wobbles; in numbers that are short to write."""
    random = np.random.default_rng(seed)
    x = random.integers(-16, 17, (count, 3)) / 8
    label = x @ np.array([1.0, -0.5, 0.25]) + 0.5 * random.integers(-3, 4, count) > 0
    return np.float32(x), np.int64(label)
