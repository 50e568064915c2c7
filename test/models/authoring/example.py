"""`example`: inputs that are serialised `tf.Example`s, with features of every kind, parsed in a function of its own."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from .golden import Call, Case, string, strings
from .saving import OPTIONS

FEATURES = {
    "age": tf.io.FixedLenFeature([], tf.int64),
    "hours-per-week": tf.io.FixedLenFeature([1], tf.float32, default_value=[40.0]),
    "job": tf.io.FixedLenFeature([1], tf.string),
    "matrix": tf.io.FixedLenFeature([2, 2], tf.float32),
    "pair": tf.io.FixedLenFeature([2], tf.int64),
    "ratings": tf.io.FixedLenSequenceFeature([], tf.float32, allow_missing=True),
    "scores": tf.io.RaggedFeature(tf.int64),
    "words": tf.io.VarLenFeature(tf.string),
}


class Example(tf.Module):
    """Answers what it parsed."""

    @tf.function
    def parse(self, serialized: tf.Tensor) -> dict[str, tf.Tensor]:
        parsed = tf.io.parse_example(tf.identity(serialized), FEATURES)
        return {
            "age": parsed["age"],
            "hours": tf.reshape(parsed["hours-per-week"], [-1]),
            "job": tf.reshape(parsed["job"], [-1]),
            "matrix": parsed["matrix"],
            "pair": parsed["pair"],
            "ratings": tf.reduce_sum(parsed["ratings"], axis=1),
            "scores": tf.reduce_sum(parsed["scores"], axis=1),
            "words": tf.strings.reduce_join(tf.sparse.to_dense(parsed["words"]), axis=1, separator=" "),
        }

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def parse_all(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        return self.parse(examples)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def predict(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        parsed = self.parse(examples)
        return {"score": tf.cast(parsed["age"], tf.float32) / 10 + parsed["hours"] + parsed["ratings"]}

    @tf.function(input_signature=[tf.TensorSpec([], tf.string, name="example")])
    def parse_one(self, example: tf.Tensor) -> dict[str, tf.Tensor]:
        features = {
            "id": tf.io.FixedLenFeature([], tf.int64),
            "weights": tf.io.FixedLenFeature([3], tf.float32, default_value=[1.0, 2.0, 3.0]),
        }
        parsed = tf.io.parse_single_example(example, features)
        return {"id": parsed["id"], "weights": parsed["weights"]}


def save(directory: Path) -> None:
    model = Example()
    signatures = {"parse_all": model.parse_all, "parse_one": model.parse_one, "predict": model.predict}
    tf.saved_model.save(model, str(directory), signatures=signatures, options=OPTIONS)


def cases() -> list[Case]:
    ada = _serialize(
        {"age": [36], "hours-per-week": [50.5], "job": ["mathematician"], "matrix": [1.0, 2.0, 3.0, 4.0]}
        | {"pair": [1, -1], "ratings": [0.5, 0.25], "scores": [2**53 + 1], "words": ["größe", ""]}
    )
    grace = _serialize({"age": [-(2**63)], "job": [b"\xff\x00"], "matrix": [0.0] * 4, "pair": [0, 2**63 - 1]})
    seven, weighed = (_serialize(features) for features in ({"id": [7]}, {"id": [7], "weights": [0.5] * 3}))
    return [
        Case("all features, and the defaults", [Call("parse_all", {"examples": strings(ada, grace)})]),
        Case("no examples", [Call("parse_all", {"examples": strings()})]),
        Case("a prediction", [Call("predict", {"examples": strings(ada)})]),
        Case("a single example", [Call("parse_one", {"example": string(seven)})]),
        Case("its default given", [Call("parse_one", {"example": string(weighed)})]),
    ]


def _serialize(features: dict[str, list[Any]]) -> bytes:
    example = tf.train.Example()
    for key, values in features.items():
        feature = example.features.feature[key]
        if isinstance(values[0], float):
            feature.float_list.value.extend(np.float32(values))
        elif isinstance(values[0], int):
            feature.int64_list.value.extend(values)
        else:
            feature.bytes_list.value.extend(value.encode() if isinstance(value, str) else value for value in values)
    return example.SerializeToString(deterministic=True)
