"""Goldens: calls of a SavedModel with their inputs and outputs, as JSON.

A tensor is `{"shape": [...], "dtype": "float32", "data": [...]}` with flat data. What JSON cannot hold is encoded:
64-bit integers as decimal strings, strings as base64, NaN, ±Infinity and -0 as strings, and float16 and bfloat16 as
their bit patterns. Any other float is the exact double of its value. A NaN that is not the usual one is its bit pattern,
`"0x7f800001"`. A complex number is two floats, its real and imaginary part. A quantised dtype has integers.
"""

import base64
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from .loading import Tensors

HALF_FLOATS = ("float16", "bfloat16")
WIDE_INTEGERS = ("int64", "uint64")


@dataclass(frozen=True)
class Call:
    """One call of one signature; a parameter that is absent from `inputs` keeps its default."""

    signature: str
    inputs: Tensors = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """Calls that run one after another on one fresh load of a model."""

    name: str
    calls: list[Call]


def strings(*values: str | bytes) -> np.ndarray:
    """A vector of strings. (`np.bytes_` would drop trailing NUL bytes.)"""
    return np.array([value.encode() if isinstance(value, str) else value for value in values], dtype=object)


def string(value: str | bytes) -> np.ndarray:
    """A scalar string."""
    return strings(value).reshape(())


def write(path: Path, model: str, cases: list[dict[str, Any]]) -> None:
    """Writes a golden file with one call per line."""
    blocks = []
    for case in cases:
        calls = ",\n".join(f"    {_json(call)}" for call in case["calls"])
        blocks.append(f'  {{ "name": {_json(case["name"])}, "calls": [\n{calls}\n  ] }}')
    head = f'"model": {_json(model)}, "tensorflow": {_json(tf.__version__)}, "cases": ['
    path.write_text("{ " + head + "\n" + ",\n".join(blocks) + "\n] }\n", encoding="utf-8")


def _json(value: Any) -> str:
    return json.dumps(value, allow_nan=False)


def encode_all(tensors: Tensors) -> dict[str, Any]:
    return {key: encode(tensors[key]) for key in sorted(tensors)}


def decode_all(tensors: dict[str, Any]) -> Tensors:
    return {key: decode(tensor) for key, tensor in tensors.items()}


def encode(tensor: np.ndarray) -> dict[str, Any]:
    """The JSON form of a tensor."""
    dtype = dtype_name(tensor)
    flat = tensor.reshape(-1)
    if dtype == "string":
        data = [base64.b64encode(value).decode("ascii") for value in flat]
    elif dtype in WIDE_INTEGERS:
        data = [str(value) for value in flat]
    elif dtype in HALF_FLOATS:
        data = flat.view(np.uint16).tolist()
    elif dtype.startswith(("float", "complex")):
        data = _encode_floats(flat.view(_part_dtype(dtype)))
    else:
        data = plain(flat).tolist()
    return {"shape": list(tensor.shape), "dtype": dtype, "data": data}


def decode(tensor: dict[str, Any]) -> np.ndarray:
    """The tensor of a JSON form."""
    dtype, data = tensor["dtype"], tensor["data"]
    if dtype == "string":
        flat = strings(*(base64.b64decode(value, validate=True) for value in data))
    elif dtype in WIDE_INTEGERS:
        flat = np.array([int(value) for value in data], dtype=dtype)
    elif dtype in HALF_FLOATS:
        flat = np.array(data, dtype=np.uint16).view(tf.as_dtype(dtype).as_numpy_dtype)
    elif dtype.startswith(("float", "complex")):
        flat = _decode_floats(data, _part_dtype(dtype)).view(dtype)
    else:
        numpy_dtype = np.dtype(tf.as_dtype(dtype).as_numpy_dtype)
        flat = np.array(data, dtype=numpy_dtype[0] if numpy_dtype.names else numpy_dtype).view(numpy_dtype)
    return flat.reshape(tensor["shape"])


def dtype_name(tensor: np.ndarray) -> str:
    """TensorFlow's name of an array's dtype: in NumPy, a string tensor has objects, and a quantised one structures."""
    if tensor.dtype == object:
        return "string"
    return tf.as_dtype(tensor.dtype).name if tensor.dtype.names else tensor.dtype.name


def plain(tensor: np.ndarray) -> np.ndarray:
    """A quantised tensor as integers, any other as it is."""
    return tensor.view(tensor.dtype[0]) if tensor.dtype.names else tensor


def _part_dtype(dtype: str) -> np.dtype:
    """The dtype of the two parts of a complex number, or of a float itself."""
    return np.dtype(dtype).type(0).real.dtype


def _encode_floats(parts: np.ndarray) -> list[float | str]:
    # A float32 on its way to a Python float may become another NaN.
    patterns = parts.view(f"u{parts.itemsize}").tolist()
    return [_encode_float(value, bits, parts.dtype) for value, bits in zip(parts.tolist(), patterns, strict=True)]


def _decode_floats(data: list[float | str], dtype: np.dtype) -> np.ndarray:
    patterns = [str(value).startswith("0x") for value in data]
    parts = np.array([0 if is_bits else float(value) for value, is_bits in zip(data, patterns, strict=True)], dtype)
    parts.view(f"u{dtype.itemsize}")[patterns] = [
        int(value, 16) for value, is_bits in zip(data, patterns, strict=True) if is_bits
    ]
    return parts


def _encode_float(value: float, bits: int, dtype: np.dtype) -> float | str:
    if math.isnan(value):
        usual = int(np.array(np.nan, dtype).view(f"u{dtype.itemsize}"))
        return "NaN" if bits == usual else f"{bits:#x}"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 and math.copysign(1, value) < 0:
        return "-0"
    return value
