"""`dtypes`: an identity for each dtype, and the odd shapes of a signature: unknown rank, defaults, no inputs."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from .golden import Call, Case, strings
from .saving import OPTIONS

DTYPES = (
    tf.float32, tf.float64, tf.float16, tf.bfloat16, tf.int8, tf.int16, tf.int32, tf.int64,
    tf.uint8, tf.uint16, tf.uint32, tf.uint64, tf.bool, tf.string, tf.complex64, tf.complex128,
    tf.qint8, tf.qint16, tf.qint32, tf.quint8, tf.quint16,
)  # fmt: skip

HALF_FLOAT_BITS = {
    "float16": (0, 0x8000, 0x3C00, 0x7BFF, 0xFBFF, 0x0400, 0x0001, 0x8001, 0x7C00, 0xFC00),
    "bfloat16": (0, 0x8000, 0x3F80, 0x7F7F, 0xFF7F, 0x0080, 0x0001, 0x8001, 0x7F80, 0xFF80),
}
"""0, -0, 1, the largest, the smallest, the least normal, the least subnormals, ±Infinity."""

NAN_BITS = {
    "float16": (0x7E00, 0xFE00, 0x7E12, 0x7C01, 0xFDFF, 0xFFFF),
    "bfloat16": (0x7FC0, 0xFFC0, 0x7FD2, 0x7F81, 0xFFBF, 0xFFFF),
    "float32": (0x7FC00000, 0xFFC00000, 0x7FC12345, 0x7F800001, 0xFFBFFFFF, 0xFFFFFFFF),
    "float64": (
        0x7FF8000000000000, 0xFFF8000000000000, 0x7FF8123456789ABC,
        0x7FF0000000000001, 0xFFF7FFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF,
    ),
}  # fmt: skip
"""NaN, the usual one and one with a sign; with a payload; two that signal; the last of all."""


class Dtypes(tf.Module):
    """The signatures that are more than an identity."""

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.float32, name="x"),
            tf.TensorSpec([], tf.float32, name="scale"),
            tf.TensorSpec([1], tf.float32, name="offset"),
        ]
    )
    def with_default(
        self, x: tf.Tensor, scale: tf.Tensor = tf.constant(2.0), offset: tf.Tensor = tf.constant([0.5])
    ) -> dict[str, tf.Tensor]:
        return {"y": x * scale + offset}

    @tf.function(
        input_signature=[
            tf.TensorSpec([], tf.complex64, name="c"),
            tf.TensorSpec([2], tf.complex128, name="z"),
            tf.TensorSpec([2], tf.int8, name="i"),
            tf.TensorSpec([], tf.float16, name="h"),
            tf.TensorSpec([], tf.uint64, name="u"),
        ]
    )
    def odd_defaults(
        self,
        c: tf.Tensor = tf.constant(1 - 2j, tf.complex64),
        z: tf.Tensor = tf.constant([0.5j, 3], tf.complex128),
        i: tf.Tensor = tf.constant([-128, 127], tf.int8),
        h: tf.Tensor = tf.constant(0.5, tf.float16),
        u: tf.Tensor = tf.constant(2**64 - 1, tf.uint64),
    ) -> dict[str, tf.Tensor]:
        return {name: tf.identity(value) for name, value in {"c_": c, "z_": z, "i_": i, "h_": h, "u_": u}.items()}

    @tf.function(input_signature=[])
    def no_inputs(self) -> dict[str, tf.Tensor]:
        return {"y": tf.constant([1.0, 2.0, 3.0])}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    def no_outputs(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        del x
        return {}


def save(directory: Path) -> None:
    model = Dtypes()
    signatures = {dtype.name: _identity([None], dtype) for dtype in DTYPES}
    signatures["scalar_int64"] = _identity([], tf.int64)
    signatures["scalar_complex64"] = _identity([], tf.complex64)
    signatures["scalar_complex128"] = _identity([], tf.complex128)
    signatures["scalar_qint8"] = _identity([], tf.qint8)
    signatures["matrix"] = _identity([2, 3], tf.float32)
    signatures["unknown_rank"] = _identity(None, tf.float32)
    # Defaults reach the SignatureDef only from a tf.function, not from its concrete function.
    signatures["with_default"] = model.with_default
    signatures["odd_defaults"] = model.odd_defaults
    signatures["no_inputs"] = model.no_inputs
    signatures["no_outputs"] = model.no_outputs
    tf.saved_model.save(model, str(directory), signatures=signatures, options=OPTIONS)


def _identity(shape: list[int | None] | None, dtype: tf.DType) -> tf.types.experimental.PolymorphicFunction:
    @tf.function(input_signature=[tf.TensorSpec(shape, dtype, name="x")])
    def identity(x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"y": tf.identity(x)}

    return identity


def cases() -> list[Case]:
    dtype_cases = [_dtype_case(dtype.name) for dtype in DTYPES]
    int64 = np.iinfo(np.int64)
    cube = np.float32(range(6)).reshape(1, 2, 3)
    return [
        *dtype_cases,
        Case("64-bit scalars", [_call("scalar_int64", np.array(value)) for value in (int64.min, -1, int64.max)]),
        Case("complex scalars", _complex_scalar_calls()),
        Case("a quantised scalar", [_call("scalar_qint8", _extremes("qint8")[0])]),
        Case("a fixed shape", [_call("matrix", np.float32([[1, 2, 3], [4, 5, 6]]))]),
        Case("any rank", [_call("unknown_rank", value) for value in (np.array(7, np.float32), cube[0, 0], cube)]),
        Case("any rank, no elements", [_call("unknown_rank", cube[:, :0, :])]),
        Case("omitted inputs have their defaults", _default_calls()),
        Case("omitted inputs of other dtypes have their defaults", [Call("odd_defaults")]),
        Case("no inputs", [Call("no_inputs")]),
    ]


def _dtype_case(dtype: str) -> Case:
    values = _extremes(dtype)
    return Case(f"extreme {dtype} values, and none", [_call(dtype, values), _call(dtype, values[:0])])


def _complex_scalar_calls() -> list[Call]:
    return [_call("scalar_complex64", np.array(1 - 2j, np.complex64)), _call("scalar_complex128", np.array(-0.5j))]


def _default_calls() -> list[Call]:
    x = np.float32([1, -2])
    scale, offset = np.array(3, dtype=np.float32), np.float32([10])
    given = ({}, {"scale": scale}, {"offset": offset}, {"scale": scale, "offset": offset})
    return [Call("with_default", {"x": x, **inputs}) for inputs in given]


def _extremes(dtype: str) -> np.ndarray:
    """The values at the edges of a dtype."""
    if dtype == "string":
        return strings("", "text", "größe 色 👋", b"\x00", b"a\x00", b"\xff\xfe", "longer than a small string's 22 bytes")
    if dtype == "bool":
        return np.array([True, False])
    if dtype in HALF_FLOAT_BITS:
        bits = (*HALF_FLOAT_BITS[dtype], *NAN_BITS[dtype])
        return np.array(bits, dtype=np.uint16).view(tf.as_dtype(dtype).as_numpy_dtype)
    if dtype.startswith("float"):
        info = np.finfo(dtype)
        least = (info.tiny, info.smallest_subnormal, -info.smallest_subnormal)
        values = np.array([0, -0.0, 1, info.max, info.min, *least, np.inf, -np.inf], dtype=dtype)
        return np.concatenate([values, np.array(NAN_BITS[dtype], f"u{values.itemsize}").view(dtype)])
    if dtype.startswith("complex"):
        parts = _extremes({"complex64": "float32", "complex128": "float64"}[dtype])
        # Each value stands once in either part.
        return np.stack([parts, parts[::-1]], axis=1).reshape(-1).view(dtype)
    numpy_dtype = np.dtype(tf.as_dtype(dtype).as_numpy_dtype)
    plain_dtype = numpy_dtype[0] if numpy_dtype.names else numpy_dtype
    limits = np.iinfo(plain_dtype)
    return np.array([limits.min, 0, 1, limits.max - 1, limits.max], dtype=plain_dtype).view(numpy_dtype)


def _call(signature: str, x: np.ndarray) -> Call:
    return Call(signature, {"x": x})
