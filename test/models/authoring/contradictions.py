"""`contradictions`: a TensorFlow 1 export whose SignatureDefs say other things than its graph does.

Also inputs with a default in the graph (`PlaceholderWithDefault`), and scalar strings that are bytes.
"""

from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2

from .golden import Call, Case

v1 = tf.compat.v1


def save(directory: Path) -> None:
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 2], name="x")
        scale = v1.placeholder_with_default(tf.constant(0.5), [], name="scale")
        offset = v1.placeholder_with_default(tf.random.uniform([2]), [2], name="offset")
        y = tf.identity(x * scale, name="y")
        shifted = tf.identity(x + offset, name="shifted")
        pixels = tf.cast(tf.reshape(x, [-1, 2, 1]), tf.uint8)
        png = tf.identity(tf.image.encode_png(pixels), name="png")
        text = tf.strings.as_string(tf.reduce_sum(x), name="text")
        info = v1.saved_model.build_tensor_info
        build = v1.saved_model.build_signature_def
        signatures = {
            "optional": build({"x": info(x), "scale": info(scale)}, {"y": info(y)}, "p"),
            "random": build({"x": info(x), "offset": info(offset)}, {"shifted": info(shifted)}, "p"),
            "encode": build({"x": info(x)}, {"png": info(png), "text": info(text)}, "p"),
        }
        for name in ("dtype", "index", "missing", "rank", "shapeless", "size"):
            signatures[name] = build({"x": info(x)}, {"y": info(y)}, "p")
        builder = v1.saved_model.Builder(str(directory))
        builder.add_meta_graph_and_variables(session, ["serve"], signatures)
        builder.save()
    file = directory / "saved_model.pb"
    saved = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    graph: meta_graph_pb2.MetaGraphDef = saved.meta_graphs[0]
    graph.meta_info_def.ClearField("stripped_op_list")
    written = graph.signature_def
    written["dtype"].inputs["x"].dtype = tf.int32.as_datatype_enum
    written["index"].outputs["y"].name = "y:1"
    written["missing"].inputs["x"].name = "nowhere:0"
    written["rank"].inputs["x"].tensor_shape.ClearField("dim")
    written["shapeless"].inputs["x"].ClearField("tensor_shape")
    written["shapeless"].outputs["y"].ClearField("tensor_shape")
    written["size"].outputs["y"].tensor_shape.dim[1].size = 3
    file.write_bytes(saved.SerializeToString(deterministic=True))


def cases() -> list[Case]:
    x = {"x": np.array([[1, 2], [3, 4]], np.float32)}
    calls = [Call(signature, x) for signature in ("optional", "dtype", "rank", "shapeless", "size")]
    scaled = Call("optional", {**x, "scale": np.array(3, np.float32)})
    return [Case("what the graph says", [*calls, scaled]), Case("bytes and text", [Call("encode", x)])]
