"""`arguments`: tensors inside dicts, tuples and named tuples, and signatures that are concrete functions.

TensorFlow makes up the keys of such inputs (`x`, `x_1`); the author's names are in the object graph only.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from .golden import Call, Case
from .saving import OPTIONS

# The session API of TensorFlow 1 has no name for an output that is several tensors.
SESSION_AGREES = False

VECTOR = tf.TensorSpec([None], tf.float32)
RAGGED = tf.RaggedTensorSpec([None, None], tf.float32, ragged_rank=1)
SPARSE = tf.SparseTensorSpec([None, 3], tf.float32)


class Point(NamedTuple):
    east: tf.TensorSpec
    north: tf.TensorSpec


class Arguments(tf.Module):
    """Signatures whose arguments are structures."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = tf.Variable(2.0)

    @tf.function(input_signature=[{"income": VECTOR, "age": VECTOR}])
    def score(self, x: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return {"score": x["income"] - 10 * x["age"]}

    @tf.function(input_signature=[(VECTOR, VECTOR)])
    def ratio(self, x: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        return {"ratio": x[0] / x[1]}

    @tf.function(input_signature=[Point(VECTOR, VECTOR)])
    def distance(self, place: Point) -> dict[str, tf.Tensor]:
        return {"distance": tf.sqrt(place.east**2 + place.north**2) * self.factor}

    @tf.function(input_signature=[{"b": [VECTOR, {"z": VECTOR}], "a": VECTOR}, {"z": VECTOR}, VECTOR])
    def nested(self, x: dict[str, tf.Tensor], y: dict[str, tf.Tensor], a: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"sum": x["a"] + 2 * x["b"][0] + 3 * x["b"][1]["z"] + 4 * y["z"] + 5 * a}

    @tf.function(input_signature=[{"only": VECTOR}])
    def single(self, x: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return {"twice": 2 * x["only"]}

    @tf.function(input_signature=[{"age": tf.TensorSpec([None], tf.float32, name="years"), "income": VECTOR}])
    def named(self, x: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return {"score": x["income"] - 10 * x["age"]}

    @tf.function
    def rows(self, rows: tf.RaggedTensor, weight: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"sums": tf.reduce_sum(rows, axis=1) * weight * self.factor, "twice": 2.0 * rows}

    @tf.function
    def cells(self, x: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return {"sums": tf.sparse.reduce_sum(x["table"], axis=1, output_is_sparse=False) * x["by"]}


def save(directory: Path) -> None:
    model = Arguments()
    signatures = {
        name: getattr(model, name) for name in ("distance", "named", "nested", "ratio", "score", "single")
    }
    signatures["rows"] = model.rows.get_concrete_function(RAGGED, VECTOR)
    # Another trace of the same Python function: which of the two the signature calls is told by its arguments.
    model.rows.get_concrete_function(tf.TensorSpec([None, 2], tf.float32), VECTOR)
    signatures["cells"] = model.cells.get_concrete_function({"table": SPARSE, "by": tf.TensorSpec([], tf.float32)})
    tf.saved_model.save(model, str(directory), signatures=signatures, options=OPTIONS)


def cases() -> list[Case]:
    age, income = _vector(70, 30), _vector(10, 700)
    nested = {"a": _vector(1), "x": _vector(2), "x_1": _vector(3), "x_2": _vector(4), "y": _vector(5)}
    rows = {"rows": _vector(1, 2, 3), "rows_1": np.array([0, 2, 2, 3]), "weight": _vector(1, 10, 100)}
    cells = {"x": np.array(3, np.float32), "x_1": np.array([[0, 2], [1, 0]]), "x_2": _vector(1.5, -2)}
    return [
        Case("a dict", [Call("score", {"x": age, "x_1": income})]),
        Case("a dict with a name", [Call("named", {"years": age, "x": income})]),
        Case("a dict of one", [Call("single", {"x": age})]),
        Case("a tuple", [Call("ratio", {"x": age, "x_1": income})]),
        Case("a named tuple", [Call("distance", {"place": _vector(3), "place_1": _vector(4)})]),
        Case("structures in structures", [Call("nested", nested)]),
        Case("a concrete function with a ragged argument", [Call("rows", rows)]),
        Case("a concrete function with a sparse argument", [Call("cells", {**cells, "x_3": np.array([2, 3])})]),
    ]


def _vector(*values: float) -> np.ndarray:
    return np.array(values, np.float32)
