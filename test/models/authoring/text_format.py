"""`text_format`: a SavedModel whose graph is in protocol buffers' text format, `saved_model.pbtxt`."""

from pathlib import Path

import numpy as np
import tensorflow as tf
from google.protobuf import text_format
from tensorflow.core.protobuf import saved_model_pb2

from .golden import Call, Case, strings
from .saving import OPTIONS

VECTOR = tf.TensorSpec([None], tf.float32)
# Bytes that the format has to escape, and characters that it need not.
SUFFIX = b"\x00\xff\x01\"'\\\n gr\xc3\xb6\xc3\x9fe"


class TextFormat(tf.Module):
    def __init__(self) -> None:
        super().__init__()
        self.factor = tf.Variable(2.0)

    @tf.function(input_signature=[{"age": VECTOR, "income": VECTOR}, tf.TensorSpec([], tf.float32, name="scale")])
    def score(self, x: dict[str, tf.Tensor], scale: tf.Tensor = tf.constant(0.5)) -> dict[str, tf.Tensor]:
        return {"score": (x["income"] - 10 * x["age"]) * scale * self.factor}

    @tf.function(input_signature=[tf.RaggedTensorSpec([None, None], tf.string, ragged_rank=1)])
    def mark(self, lines: tf.RaggedTensor) -> dict[str, tf.Tensor]:
        return {"marked": tf.strings.reduce_join(lines, axis=-1) + SUFFIX}


def save(directory: Path) -> None:
    model = TextFormat()
    signatures = {"mark": model.mark, "score": model.score}
    tf.saved_model.save(model, str(directory), signatures=signatures, options=OPTIONS)
    binary = directory / "saved_model.pb"
    saved = saved_model_pb2.SavedModel.FromString(binary.read_bytes())
    # TensorFlow's definitions of its operations, of which nothing is read.
    saved.meta_graphs[0].meta_info_def.ClearField("stripped_op_list")
    (directory / "saved_model.pbtxt").write_text(text_format.MessageToString(saved, as_utf8=True))
    binary.unlink()


def cases() -> list[Case]:
    x = {"x": np.array([70], np.float32), "x_1": np.array([10], np.float32)}
    return [
        Case("a dict and a scale", [Call("score", {**x, "scale": np.array(2, np.float32)})]),
        Case("escaped bytes", [Call("mark", {"lines": strings("a", b"\xfe", "b"), "lines_1": np.array([0, 2, 3])})]),
    ]
