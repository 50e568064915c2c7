"""Calls the signatures of a SavedModel in Python, the way TensorFlow offers for the kind of model it is."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow.python.saved_model import loader_impl

Tensors = dict[str, np.ndarray]


class Model(Protocol):
    """A loaded SavedModel; its state lasts as long as the object."""

    def call(self, signature: str, inputs: Tensors) -> Tensors:
        """Calls a signature by its raw keys. Inputs with a default may be left out."""
        ...


def open_model(directory: Path) -> Model:
    """Loads a SavedModel: with `tf.saved_model.load`, or in a session if it was written in TensorFlow 1's style.

    `tf.saved_model.load` refuses a TensorFlow 1 model with a key such as `class`, which a session does not mind.
    """
    meta_graph = _read_meta_graph(directory)
    return _ObjectModel(directory, meta_graph) if meta_graph.object_graph_def.nodes else open_session(directory)


def open_session(directory: Path, tags: Sequence[str] = (tf.saved_model.SERVING,)) -> Model:
    """Loads a SavedModel into a session, as TensorFlow's C API does it."""
    return _SessionModel(directory, tags)


def _read_meta_graph(directory: Path) -> meta_graph_pb2.MetaGraphDef:
    # In binary or in text format.
    saved_model = loader_impl.parse_saved_model(str(directory))
    return saved_model.meta_graphs[0]


class _ObjectModel:
    """A model loaded with `tf.saved_model.load`."""

    def __init__(self, directory: Path, meta_graph: meta_graph_pb2.MetaGraphDef) -> None:
        # The signatures hold their variables weakly: the root must be kept.
        self._root = tf.saved_model.load(str(directory))
        self._defaults = {
            key: {name: tf.make_ndarray(value) for name, value in signature.defaults.items()}
            for key, signature in meta_graph.signature_def.items()
        }

    def call(self, signature: str, inputs: Tensors) -> Tensors:
        # Python does not restore SignatureDef.defaults: there, each input of a loaded signature is required.
        arguments = {**self._defaults[signature], **inputs}
        outputs = self._root.signatures[signature](**{key: _constant(value) for key, value in arguments.items()})
        parts = [part for key, value in outputs.items() for part in _parts(key, value)]
        return {name: _array(part.numpy(), part.dtype) for name, part in parts}


class _SessionModel:
    """A model loaded into a session."""

    def __init__(self, directory: Path, tags: Sequence[str]) -> None:
        self._session = tf.compat.v1.Session(graph=tf.Graph())
        with self._session.graph.as_default():
            self._signatures = tf.compat.v1.saved_model.load(self._session, list(tags), str(directory)).signature_def

    def call(self, signature: str, inputs: Tensors) -> Tensors:
        definition = self._signatures[signature]
        feeds = {definition.inputs[key].name: value for key, value in inputs.items()}
        fetches = {key: info.name for key, info in definition.outputs.items()}
        results = self._session.run(fetches, feeds)
        return {key: _array(value, tf.as_dtype(definition.outputs[key].dtype)) for key, value in results.items()}


def _parts(key: str, value: object) -> list[tuple[str, tf.Tensor]]:
    """The dense tensors that an output is made of, under names of their own if it is ragged or sparse."""
    if isinstance(value, tf.RaggedTensor):
        # Whether splits are int32 or int64 is a detail of how the value is kept.
        splits = [tf.cast(part, tf.int64) for part in value.nested_row_splits]
        named = [(f"{key}/row_splits_{axis}", part) for axis, part in enumerate(splits)]
        return [(f"{key}/flat_values", value.flat_values), *named]
    if isinstance(value, tf.SparseTensor):
        parts = {"indices": value.indices, "values": value.values, "dense_shape": value.dense_shape}
        return [(f"{key}/{name}", part) for name, part in parts.items()]
    return [(key, value)]


def _constant(value: np.ndarray) -> tf.Tensor:
    return tf.constant(value, dtype=tf.string if value.dtype == object else value.dtype)


def _array(value: object, dtype: tf.DType) -> np.ndarray:
    """An array of what TensorFlow returns: an array, a NumPy scalar, or the bytes of a scalar string."""
    array = np.array(value, dtype=object) if isinstance(value, bytes) else np.asarray(value)
    # TensorFlow takes quantized numbers as special structures, and returns them as plain integers.
    return array.view(dtype.as_numpy_dtype) if dtype.is_quantized else array
