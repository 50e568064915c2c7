"""Compares tensors: floats and complex numbers within a tolerance, everything else exactly."""

from typing import Any

import numpy as np

from .golden import dtype_name, plain

RTOL = 1e-6
ATOL = 1e-7


def difference(actual: np.ndarray, expected: np.ndarray) -> str | None:
    """How two tensors differ, or None if they agree."""
    if (dtype_name(actual), actual.shape) != (dtype_name(expected), expected.shape):
        return f"expected {_type(expected)}, got {_type(actual)}"
    wrong = np.argwhere(~_agree(actual, expected))
    if not len(wrong):
        return None
    index = tuple(wrong[0].tolist())
    values = f"expected {_show(expected[index])}, got {_show(actual[index])}"
    return f"{values} at {list(index)} ({len(wrong)} of {expected.size} elements are wrong)"


def _agree(actual: np.ndarray, expected: np.ndarray) -> np.ndarray:
    if "float" in dtype_name(expected):
        # NumPy warns of a NaN that signals.
        with np.errstate(invalid="ignore"):
            wide = (actual.astype(np.float64), expected.astype(np.float64))
        return np.isclose(*wide, rtol=RTOL, atol=ATOL, equal_nan=True)
    if "complex" in dtype_name(expected):
        parts = [_agree(get(actual), get(expected)) for get in (np.real, np.imag)]
        return parts[0] & parts[1]
    return np.asarray(plain(actual) == plain(expected))


def _type(tensor: np.ndarray) -> str:
    return f"{dtype_name(tensor)} {list(tensor.shape)}"


def _show(value: Any) -> str:
    return repr(value) if isinstance(value, bytes) else str(value)
