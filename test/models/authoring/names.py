"""`names`: signature, input and output keys that attack a code generator.

Written with TensorFlow 1's builder, which takes any string as a key. The model has no variables, so TensorFlow writes
neither a `variables` folder nor a saver.
"""

from pathlib import Path

import numpy as np
import tensorflow as tf

from .golden import Call, Case

v1 = tf.compat.v1

# Each of these is the key of a signature, of that signature's input and of its output.
RESERVED_WORDS = ("await", "class", "default", "delete", "enum", "eval", "arguments", "new", "null", "this", "yield")
MEMBERS = (
    "__proto__", "async", "constructor", "dispose", "hasOwnProperty", "length", "load", "name", "prototype", "save",
    "then", "toJSON", "toString", "valueOf",
)  # fmt: skip
TYPES = ("Array", "Float32Array", "Model", "Names", "Promise", "Tensor", "TensorLike", "names", "string")
CODE = (
    "*/ throw 1; /*", "// comment", "${process.exit(1)}", "`backticks`", "'single'", '"double"', "</script>",
    "back\\slash", "\\u0041", "@link", "{@link x}", "a.b", "a/b", "a:0", "[0]",
)  # fmt: skip
SPACES = ("", " ", " padded ", "tab\there", "line\nfeed", "carriage\rreturn", "line\u2028separator", "nul\0byte")
UNICODE = (
    "größe", "gro\u0308ße", "日本語", "👋", "\ufb01", "\u200dzero\u200bwidth", "\u202eright to left", "\ufeffbom",
)  # fmt: skip
NUMBERS = ("1", "1st", "-1", "1e3", "NaN", "Infinity", "undefined")
KEYS = RESERVED_WORDS + MEMBERS + TYPES + CODE + SPACES + UNICODE + NUMBERS

# Each group is one scope, and collides after conversion to camelCase, PascalCase or kebab-case.
COLLISIONS = (
    "my_input", "myInput", "my-input", "MyInput", "my input", "MY_INPUT", "my__input", "_my_input", "my_input_",
    "myInput2", "my_input_2", "my_input2", "class", "class_", "_class", "options", "signal", "inputs", "outputs",
    "tensor", "x", "X",
)  # fmt: skip
SIGNATURE_COLLISIONS = (
    "my_signature", "mySignature", "my-signature", "MySignature", "my_signature_inputs", "load_", "Load",
)  # fmt: skip
NATURAL_ORDER = ("x_0", "x_1", "x_2", "x_9", "x_10", "x_11")


def save(directory: Path) -> None:
    with tf.Graph().as_default(), v1.Session() as session:
        signatures = {key: _add_one(key) for key in KEYS + SIGNATURE_COLLISIONS}
        signatures["collisions"] = _add_position(COLLISIONS, COLLISIONS)
        signatures["hostile"] = _add_position(KEYS, KEYS)
        signatures["natural_order"] = _add_position(NATURAL_ORDER, [f"output_{key[2:]}" for key in NATURAL_ORDER])
        builder = v1.saved_model.Builder(str(directory))
        builder.add_meta_graph_and_variables(session, [tf.saved_model.SERVING], signatures, strip_default_attrs=True)
        builder.save()


def _add_one(key: str) -> v1.MetaGraphDef:
    """A signature with one input and one output, all three of them named `key`."""
    x = v1.placeholder(tf.float32, [None])
    return _signature({key: x}, {key: x + 1})


def _add_position(inputs: tuple[str, ...], outputs: tuple[str, ...] | list[str]) -> v1.MetaGraphDef:
    """A signature of scalars that adds its position to each input, so that a mix-up shows."""
    placeholders = [v1.placeholder(tf.float32, []) for _ in inputs]
    sums = [x + position for position, x in enumerate(placeholders)]
    return _signature(dict(zip(inputs, placeholders)), dict(zip(outputs, sums)))


def _signature(inputs: dict[str, tf.Tensor], outputs: dict[str, tf.Tensor]) -> v1.MetaGraphDef:
    return v1.saved_model.build_signature_def(
        {key: v1.saved_model.build_tensor_info(tensor) for key, tensor in inputs.items()},
        {key: v1.saved_model.build_tensor_info(tensor) for key, tensor in outputs.items()},
        v1.saved_model.signature_constants.PREDICT_METHOD_NAME,
    )


def cases() -> list[Case]:
    x = np.float32([1, 2.5])
    return [
        Case("each key names its own", [Call(key, {key: x}) for key in KEYS + SIGNATURE_COLLISIONS]),
        Case("keys that collide in one scope", [Call("collisions", _hundreds(COLLISIONS))]),
        Case("hostile keys in one scope", [Call("hostile", _hundreds(KEYS))]),
        Case("keys with numbers", [Call("natural_order", _hundreds(NATURAL_ORDER))]),
    ]


def _hundreds(keys: tuple[str, ...]) -> dict[str, np.ndarray]:
    return {key: np.array(100 * position, dtype=np.float32) for position, key in enumerate(keys)}
