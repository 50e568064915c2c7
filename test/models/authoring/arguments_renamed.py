"""`arguments_renamed`: the signatures of `arguments` whose dicts have other keys since, so that keys mean other tensors."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from .arguments import VECTOR
from .golden import Call, Case
from .saving import OPTIONS


class Renamed(tf.Module):
    @tf.function(input_signature=[{"income": VECTOR, "years": VECTOR}])
    def score(self, x: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return {"score": x["income"] - 10 * x["years"]}

    @tf.function(input_signature=[{"other": VECTOR}])
    def single(self, x: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return {"twice": 2 * x["other"]}

    @tf.function(input_signature=[{"table": tf.TensorSpec([None, 3], tf.float32), "by": tf.TensorSpec([], tf.float32)}])
    def cells(self, x: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return {"sums": tf.reduce_sum(x["table"], axis=1) * x["by"]}


def save(directory: Path) -> None:
    model = Renamed()
    signatures = {name: getattr(model, name) for name in ("cells", "score", "single")}
    tf.saved_model.save(model, str(directory), signatures=signatures, options=OPTIONS)


def cases() -> list[Case]:
    vector = np.array([10, 700], np.float32)
    return [Case("a dict", [Call("score", {"x": vector, "x_1": vector[::-1].copy()})])]
