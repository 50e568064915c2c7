"""`spin`: calls that take as long as one likes, for tests of what happens meanwhile."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from .golden import Call, Case
from .saving import OPTIONS


class Spin(tf.Module):
    """Turns vectors around, step by step, and counts turns."""

    def __init__(self) -> None:
        super().__init__()
        angle = np.pi / 4
        self.turn = tf.constant([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], tf.float32)
        self.turns = tf.Variable(0, dtype=tf.int64, name="turns")

    def _turned(self, x: tf.Tensor, steps: tf.Tensor) -> tf.Tensor:
        return tf.while_loop(
            lambda step, _: step < steps,
            lambda step, rows: (step + 1, tf.matmul(rows, self.turn)),
            (tf.constant(0, tf.int64), x),
            parallel_iterations=1,
        )[1]

    @tf.function(
        input_signature=[tf.TensorSpec([None, 2], tf.float32, name="x"), tf.TensorSpec([], tf.int64, name="steps")]
    )
    def spin(self, x: tf.Tensor, steps: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"y": self._turned(x, steps)}

    @tf.function(
        input_signature=[tf.TensorSpec([None, 2], tf.float32, name="x"), tf.TensorSpec([], tf.int64, name="steps")]
    )
    def count(self, x: tf.Tensor, steps: tf.Tensor) -> dict[str, tf.Tensor]:
        # What was counted is read before the turning and written after it: two calls at a time would lose one.
        before = self.turns.read_value()
        with tf.control_dependencies([before]):
            y = self._turned(x, steps)
        with tf.control_dependencies([y]):
            self.turns.assign(before + steps)
        return {"y": y, "turns": self.turns.read_value()}

    @tf.function(input_signature=[])
    def turned(self) -> dict[str, tf.Tensor]:
        return {"turns": self.turns.read_value()}

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="x")])
    def half(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        # There is no second divisor: non-finite values are rejected. (An assertion would be stripped when saving.)
        row = tf.cast(tf.reduce_any(tf.math.is_nan(x)), tf.int32)
        return {"y": x / tf.gather([2.0], row)}


def save(directory: Path) -> None:
    model = Spin()
    signatures = {name: getattr(model, name) for name in ("count", "half", "spin", "turned")}
    tf.saved_model.save(model, str(directory), signatures=signatures, options=OPTIONS)


def cases() -> list[Case]:
    return [
        Case("eight turns are a whole one", [_call("spin", [[1, 2], [3, 4]], 8), _call("spin", [[1, 0]], 1)]),
        Case("turns are counted", [_call("count", [[1, 0]], 3), _call("count", [[1, 0]], 2), Call("turned")]),
        Case("halves", [Call("half", {"x": np.array([[1, 2]], np.float32)})]),
    ]


def _call(signature: str, x: list[list[float]], steps: int) -> Call:
    return Call(signature, {"x": np.array(x, np.float32), "steps": np.array(steps, np.int64)})
