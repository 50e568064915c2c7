"""Writes `forest/`, a SavedModel with operations of tensorflow-decision-forests, and its golden: what Python answers.

    pip install -r ../../../models/requirements.txt ydf ydf-tf==2.21.*
    python forest.py
"""

import os
import shutil
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "models"))

import numpy as np  # noqa: E402  (TensorFlow reads its log level when it is imported)
import ydf  # noqa: E402
import ydf_tf  # noqa: E402, F401  (its operations)

from authoring.golden import Call, Case, write  # noqa: E402
from authoring.record import record  # noqa: E402


def main() -> None:
    random = np.random.default_rng(1)
    rows = random.normal(size=(60, 2)).astype(np.float32)
    data = {"a": rows[:, 0], "b": rows[:, 1], "label": (rows[:, 0] * 2 - rows[:, 1] > 0.2).astype(int)}
    forest = ydf.RandomForestLearner(label="label", num_trees=5, max_depth=3, winner_take_all=False).train(data)
    directory = HERE / "forest"
    shutil.rmtree(directory, ignore_errors=True)
    forest.to_tensorflow_saved_model(str(directory), mode="tf")
    inputs = {"a": np.array([0.5, -1, 0.1, 2], np.float32), "b": np.array([0.1, 2, -0.3, np.nan], np.float32)}
    cases = [Case("four rows", [Call("serving_default", inputs)])]
    write(HERE / "forest.golden.json", "forest", record(directory, cases, True))


if __name__ == "__main__":
    main()
