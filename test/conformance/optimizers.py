"""Checks with TensorFlow in Python that long trainings have the losses that TypeScript made, on the same machine.

    python optimizers.py MODEL_DIR TRAININGS_JSON

TRAININGS_JSON has `epochs` and, for each optimizer, the loss of every step with the rows in their order, and the loss of
all rows after the last step. The same library on the same processor rounds alike; losses may differ by rtol 1e-5.
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "models"))

import numpy as np  # noqa: E402

from authoring.loading import open_model  # noqa: E402
from authoring.optimizers import ROWS, training  # noqa: E402
from verify import Check, report  # noqa: E402


def check(directory: Path, trainings: Path) -> Iterator[Check]:
    actual = json.loads(trainings.read_text(encoding="utf-8"))
    for name, made in actual["trainings"].items():
        expected = training(open_model(directory), name, [list(range(ROWS))] * actual["epochs"])
        for key in ("losses", "evaluated"):
            yield f"{len(made['losses'])} steps with {name}: {key}", _difference(made[key], expected[key])


def _difference(actual: float | list[float], expected: float | list[float]) -> str | None:
    ours, theirs = np.atleast_1d(actual), np.atleast_1d(expected)
    if ours.shape != theirs.shape:
        return f"expected {theirs.size} numbers, got {ours.size}"
    wrong = np.flatnonzero(~np.isclose(ours, theirs, rtol=1e-5, atol=0))
    return f"expected {theirs[wrong[0]]}, got {ours[wrong[0]]} at [{wrong[0]}]" if len(wrong) else None


if __name__ == "__main__":
    sys.exit(report(check(Path(sys.argv[1]), Path(sys.argv[2]))))
