"""`.npy` files as NumPy writes them, and what is in them, in `npy/`.

    python -m authoring.npy        # in test/models

`npy/goldens.json` has three lists. `same` are files that `numpy.save` wrote of arrays as a tensor has them (row-major,
little-endian, strings as bytes): what we write of the tensor must have the same bytes. `read` are files of the same
format that only have to be read. `refused` are those that no tensor can be made of, which NumPy itself wrote as well.
Tensors are encoded as in the goldens of the models.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

from .golden import encode

FOLDER = Path(__file__).resolve().parent.parent / "npy"
CUBE = np.arange(24).reshape(2, 3, 4)


def same() -> dict[str, np.ndarray]:
    floats = {name: _floats(name) for name in ("float16", "float32", "float64")}
    integers = {
        name: np.array([np.iinfo(name).min, 0, 1, np.iinfo(name).max], dtype=name)
        for name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
    }
    return {
        **floats,
        **integers,
        "bool": np.array([True, False]),
        "bytes": np.array([b"text", b"", "größe 色".encode(), b"\x00a\x00b", b"\xff\xfe"]),
        "bytes-empty": np.array([b"", b""]),
        "bytes-none": np.zeros((0, 2), "S1"),
        "bytes-scalar": np.array(b"scalar"),
        "cube": CUBE.astype("int16"),
        "none": np.zeros((2, 0, 3), "float32"),
        "scalar": np.array(0.5, dtype="float32"),
        "scalar-bool": np.array(True),
        "deep": np.arange(2, dtype="uint8").reshape((1,) * 30 + (2,)),
    }


def read() -> dict[str, np.ndarray]:
    return {
        "big-bytes": np.array([[b"ab", b"c"]]).astype(">S2"),
        "big-float16": _floats("float16").astype(">f2"),
        "big-float32": _floats("float32").astype(">f4"),
        "big-fortran": np.asfortranarray(CUBE.astype(">f8")),
        "big-int64": np.array([-2, 2**40 + 1]).astype(">i8"),
        "big-text": np.array(["größe", "色👋"]).astype(">U5"),
        "fortran-bytes": np.asfortranarray(np.array([[b"a", b"bc", b"d"], [b"", b"efg", b"h"]])),
        "fortran-cube": np.asfortranarray(CUBE.astype("uint16")),
        "fortran-int64": np.asfortranarray(CUBE[0]),
        "fortran-int8": np.asfortranarray(CUBE.astype("int8")),
        "text": np.array([["größe 色 👋", ""], ["a\x00b", "text"]]),
        "text-scalar": np.array("scalar"),
    }


def refused() -> dict[str, np.ndarray]:
    return {
        "bfloat16": np.array([1, 2], dtype=ml_dtypes.bfloat16),
        "dates": np.array(["2000-01-01"], dtype="datetime64[D]"),
        "fields": np.zeros(2, dtype=[("a", "<f4"), ("b", "<i8", (2,))]),
        "objects": np.array(["text", None], dtype=object),
    }


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    goldens = {
        "same": [_save(name, array, np.save) for name, array in same().items()],
        "read": [_save(name, array, np.save) for name, array in read().items()],
        "refused": sorted(refused()),
    }
    for version in (1, 2, 3):
        write = _writer((version, 0))
        goldens["read"].append(_save(f"version-{version}", CUBE[0].astype("float64"), write))
    for name, array in refused().items():
        np.save(FOLDER / f"{name}.npy", array)
    lists = (f"{json.dumps(key)}: [\n" + ",\n".join(map(json.dumps, goldens[key])) + "\n]" for key in goldens)
    (FOLDER / "goldens.json").write_text("{ " + ",\n".join(lists) + " }\n", encoding="utf-8")


def _save(name: str, array: np.ndarray, write: Callable[[Path, np.ndarray], None]) -> dict[str, Any]:
    file = FOLDER / f"{name}.npy"
    write(file, array)
    return {"name": name, "tensor": encode(_plain(np.load(file)))}


def _writer(version: tuple[int, int]) -> Callable[[Path, np.ndarray], None]:
    def write(file: Path, array: np.ndarray) -> None:
        with file.open("wb") as stream:
            np.lib.format.write_array(stream, array, version=version)

    return write


def _plain(array: np.ndarray) -> np.ndarray:
    """The array as TensorFlow has it: in the machine's byte order, strings as bytes."""
    if array.dtype.kind == "U":
        array = np.char.encode(array, "utf-8")
    if array.dtype.kind == "S":
        return array.astype(object)
    return array.astype(array.dtype.newbyteorder("="))


def _floats(dtype: str) -> np.ndarray:
    info = np.finfo(dtype)
    return np.array([0, -0.0, 1, -2.5, info.max, info.smallest_subnormal, np.inf, -np.inf, np.nan], dtype=dtype)


if __name__ == "__main__":
    main()
