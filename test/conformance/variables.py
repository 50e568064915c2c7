"""Compares variables and checkpoints with those of TensorFlow in Python, both ways.

    python variables.py ORIGINAL_DIR SAVED_DIR WEIGHTS TRAINED_JSON OUT_DIR

TRAINED_JSON says how ORIGINAL_DIR was trained, and what its variables were afterwards; SAVED_DIR is what was saved then,
and WEIGHTS the prefix of a checkpoint. What it calls stale are second copies of variables, which training does not change
in Python. OUT_DIR gets checkpoints of the model after more steps, and `variables.json` with
their values. Prints what is wrong, if anything, and exits with 1.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402  (TensorFlow reads its log level when it is imported)

Values = dict[str, np.ndarray]


def variable_at(model: Any, path: str) -> Any:
    """The variable that a path such as `hidden/kernel` or `layers/0/kernel` leads to."""
    for step in path.split("/"):
        model = model[int(step)] if step.isdigit() else getattr(model, step)
    return model


def values_of(model: Any, paths: list[str]) -> Values:
    return {path: variable_at(model, path).numpy() for path in paths}


def train(model: Any, training: dict[str, Any]) -> None:
    signature = model.signatures[training["train"]]
    specs = signature.structured_input_signature[1]
    inputs = {key: tf.constant(value, specs[key].dtype) for key, value in training["inputs"].items()}
    for _ in range(training["steps"]):
        signature(**inputs)


def differences(what: str, actual: Values, expected: Values, rtol: float = 0) -> Iterator[str]:
    for path, value in expected.items():
        if not np.allclose(actual[path], value, rtol=rtol, atol=rtol / 10):
            yield f"{what}: {path} is {actual[path].tolist()}, not {value.tolist()}"


def check(original: Path, saved: Path, weights: Path, training: dict[str, Any], out: Path) -> Iterator[str]:
    paths = list(training["variables"])
    fresh = tf.saved_model.load(str(original))
    expected = {
        path: np.array(value, variable_at(fresh, path).dtype.as_numpy_dtype).reshape(variable_at(fresh, path).shape)
        for path, value in training["variables"].items()
    }
    yield from differences("saved", values_of(tf.saved_model.load(str(saved)), paths), expected)

    keys = tf.train.load_checkpoint(str(original / "variables" / "variables")).get_variable_to_shape_map()
    if (found := tf.train.load_checkpoint(str(weights)).get_variable_to_shape_map()) != keys:
        yield f"the checkpoint has {sorted(found)}, not {sorted(keys)}"
    tf.train.Checkpoint(fresh).read(str(weights)).assert_existing_objects_matched()
    yield from differences("restored", values_of(fresh, paths), expected)

    model = tf.saved_model.load(str(original))
    train(model, training)
    moved = {path: value for path, value in expected.items() if path not in training["stale"]}
    yield from differences("trained", values_of(model, paths), moved, rtol=1e-6)

    train(model, training)
    tf.train.Checkpoint(model).write(str(out / "itself"))
    tf.train.Checkpoint(step=tf.Variable(1), model=model).save(str(out / "attribute"))
    more = {path: value.ravel().tolist() for path, value in values_of(model, list(moved)).items()}
    (out / "variables.json").write_text(json.dumps(more), encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description="Compares variables and checkpoints with those of TensorFlow.")
    for name in ("original", "saved", "weights", "trained", "out"):
        parser.add_argument(name, type=Path)
    arguments = parser.parse_args()
    training = json.loads(arguments.trained.read_text(encoding="utf-8"))
    wrong = list(check(arguments.original, arguments.saved, arguments.weights, training, arguments.out))
    print(*(wrong or [f"ok    {arguments.original.name}: {len(training['variables'])} variables"]), sep="\n", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
