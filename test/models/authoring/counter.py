"""`counter`: state that calls share, in the smallest form."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from .golden import Call, Case
from .saving import OPTIONS


class Counter(tf.Module):
    """A count that starts at zero."""

    def __init__(self) -> None:
        super().__init__()
        self.count = tf.Variable(0.0, name="count")

    @tf.function(input_signature=[tf.TensorSpec([], tf.float32, name="by")])
    def increment(self, by: tf.Tensor) -> dict[str, tf.Tensor]:
        self.count.assign_add(by)
        return {"count": self.count.read_value()}

    @tf.function(input_signature=[])
    def get(self) -> dict[str, tf.Tensor]:
        return {"count": self.count.read_value()}

    @tf.function(input_signature=[])
    def reset(self) -> dict[str, tf.Tensor]:
        self.count.assign(0.0)
        return {"count": self.count.read_value()}


def save(directory: Path) -> None:
    counter = Counter()
    signatures = {"increment": counter.increment, "get": counter.get, "reset": counter.reset}
    tf.saved_model.save(counter, str(directory), signatures=signatures, options=OPTIONS)


def cases() -> list[Case]:
    return [
        Case("a fresh load starts at zero", [Call("get")]),
        Case(
            "calls share the count",
            [_increment(1), _increment(2.5), Call("get"), Call("reset"), Call("get"), _increment(-0.125), Call("get")],
        ),
    ]


def _increment(by: float) -> Call:
    return Call("increment", {"by": np.array(by, dtype=np.float32)})
