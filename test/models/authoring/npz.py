"""`.npz` files as NumPy writes them, and what is in them, in `npz/`.

    python -m authoring.npz        # in test/models

`npz/goldens.json` has the arrays of each archive, encoded as in the goldens of the models. `objects.npz` is not in it:
one of its arrays is no tensor.
"""

import json
import shutil
from pathlib import Path

import numpy as np

from .golden import encode

FOLDER = Path(__file__).resolve().parent.parent / "npz"
NAMES = ("__proto__", "constructor", "größe", "a b", "2")
RANDOM = np.random.default_rng(7)

ARCHIVES = {
    "unnamed": (np.savez, [np.arange(6, dtype="float32").reshape(2, 3), np.array([1, 0], dtype="int64")], {}),
    "named": (
        np.savez,
        [],
        {
            "x": RANDOM.normal(size=(5, 2)),
            "y": np.array([[0.5], [1.5], [-2.0], [4.0], [0.0]], dtype="float32"),
            "label": np.array([b"cat", b"dog", b"cat", b"bird", b"dog"]),
            "count": np.array([1, 2, 3, 4, 255], dtype="uint8"),
            "scalar": np.array(3.0),
            "none": np.zeros((0, 4), dtype="float32"),
        },
    ),
    "compressed": (
        np.savez_compressed,
        [],
        {"zeros": np.zeros((100, 10), dtype="float32"), "noise": RANDOM.normal(size=(4, 4)).astype("float32")},
    ),
    "names": (np.savez, [], {name: np.array([index], dtype="int32") for index, name in enumerate(NAMES)}),
    "nothing": (np.savez, [], {}),
}


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    goldens = []
    for name, (save, unnamed, named) in ARCHIVES.items():
        file = FOLDER / f"{name}.npz"
        save(file, *unnamed, **named)
        with np.load(file) as archive:
            arrays = {key: encode(_plain(archive[key])) for key in sorted(archive.files)}
        goldens.append(json.dumps({"name": name, "arrays": list(arrays.items())}))
    np.savez(FOLDER / "objects.npz", x=np.array([1.0]), y=np.array(["text", None], dtype=object))
    (FOLDER / "goldens.json").write_text("[\n" + ",\n".join(goldens) + "\n]\n", encoding="utf-8")


def _plain(array: np.ndarray) -> np.ndarray:
    """The array as TensorFlow has it: strings as bytes."""
    return array.astype(object) if array.dtype.kind == "S" else array


if __name__ == "__main__":
    main()
