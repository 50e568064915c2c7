"""`composite`: ragged and sparse tensors as inputs and outputs, which a SignatureDef has as loose components or encoded."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from .golden import Call, Case, strings
from .loading import Tensors
from .saving import OPTIONS

# The session API of TensorFlow 1 has no name for an output that is several tensors.
SESSION_AGREES = False


class Composite(tf.Module):
    """Signatures whose arguments are not all dense tensors."""

    @tf.function(
        input_signature=[
            tf.RaggedTensorSpec([None, None], tf.float32, ragged_rank=1),
            tf.TensorSpec([], tf.float32, name="scale"),
            tf.SparseTensorSpec([None, 3], tf.float32),
        ]
    )
    def mix(self, zrows: tf.RaggedTensor, scale: tf.Tensor, asp: tf.SparseTensor) -> dict[str, tf.Tensor]:
        return {
            "dense": tf.sparse.to_dense(asp),
            "scaled": tf.sparse.map_values(tf.multiply, asp, scale),
            "sums": tf.reduce_sum(zrows, axis=1) * scale,
            "twice": zrows * 2.0,
        }

    @tf.function(
        input_signature=[
            tf.RaggedTensorSpec([None, None, None], tf.int64, ragged_rank=2, row_splits_dtype=tf.int32),
            {"right": tf.TensorSpec([2], tf.float32), "left": tf.SparseTensorSpec([None, None], tf.string)},
        ]
    )
    def deep(self, x: tf.RaggedTensor, pair: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return {"left": pair["left"], "right": pair["right"] * 2.0, "total": tf.reduce_sum(x), "x": x + 1}

    @tf.function(input_signature=[tf.RaggedTensorSpec([2, None, 2], tf.float64, ragged_rank=1)])
    def pairs(self, points: tf.RaggedTensor) -> dict[str, tf.Tensor]:
        return {"points": points[:, ::-1]}

    @tf.function(input_signature=[tf.RaggedTensorSpec([None, None], tf.string, ragged_rank=1)])
    def words(self, lines: tf.RaggedTensor) -> dict[str, tf.Tensor]:
        return {"joined": tf.strings.reduce_join(lines, axis=-1, separator=" ")}


def save(directory: Path) -> None:
    model = Composite()
    signatures = {name: getattr(model, name) for name in ("deep", "mix", "pairs", "words")}
    tf.saved_model.save(model, str(directory), signatures=signatures, options=OPTIONS)


def cases() -> list[Case]:
    return [
        Case("rows of different lengths", [_mix([1, 2, 3, 4], [0, 3, 3, 4], 0.5)]),
        Case("no rows", [_mix([], [0], 2)]),
        Case("empty rows", [_mix([], [0, 0, 0], 2)]),
        Case("two ragged dimensions, row splits of int32", [_deep([1, 2, 3], [0, 2, 2, 3], [0, 1, 1, 3])]),
        Case("dimensions below the ragged ones", [_pairs([[1, 2], [3, 4], [5, 6]], [0, 1, 3])]),
        Case("ragged strings", [_words([b"a", "größe".encode(), b"\xff"], [0, 2, 2, 3])]),
    ]


def _mix(values: list[float], splits: list[int], scale: float) -> Call:
    indices, elements, shape = [[0, 2], [1, 0], [3, 1]], [1.5, -2, 3], [4, 3]
    sparse = _sparse("asp", np.array(indices), np.array(elements, np.float32), np.array(shape))
    ragged = {"zrows": np.array(values, np.float32), "zrows_1": np.array(splits)}
    return Call("mix", {**ragged, "scale": np.array(scale, np.float32), **sparse})


def _deep(values: list[int], inner: list[int], outer: list[int]) -> Call:
    splits = {"x_1": np.array(outer, np.int32), "x_2": np.array(inner, np.int32)}
    left = _sparse("pair", np.array([[0, 1], [1, 0]]), strings("a", b"\x00\xff"), np.array([2, 2]))
    return Call("deep", {"x": np.array(values), **splits, **left, "pair_3": np.array([1, 2], np.float32)})


def _pairs(values: list[list[float]], splits: list[int]) -> Call:
    return Call("pairs", {"points": np.array(values, np.float64), "points_1": np.array(splits)})


def _words(values: list[bytes], splits: list[int]) -> Call:
    return Call("words", {"lines": strings(*values), "lines_1": np.array(splits)})


def _sparse(key: str, indices: np.ndarray, values: np.ndarray, shape: np.ndarray) -> Tensors:
    return {key: indices, f"{key}_1": values, f"{key}_2": shape}
