"""Writes checkpoints/, what Python's own ways of saving make of the test model `regression`, and of one with a table.

    python checkpoints.py

Needs the packages of ../../../models/requirements.txt. `values.json` has the variables after each step of training.
"""

import json
import os
import shutil
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "models"))

import tensorflow as tf  # noqa: E402  (TensorFlow reads its log level when it is imported)

from authoring.regression import Regression  # noqa: E402
from authoring.saving import OPTIONS  # noqa: E402

FOLDER = HERE / "checkpoints"
STEPS = 5
BATCH = {
    "x": tf.constant([[0.5, -0.25], [1, 0.75], [-0.5, 0.125]]),
    "target": tf.constant([[1.0], [2], [3]]),
    "learning_rate": tf.constant(1e-3),
}


def trained() -> Regression:
    model = Regression()
    for _ in range(STEPS):
        model.train(**BATCH)
    return model


def values() -> list[dict[str, object]]:
    """The variables before training, and after each step."""
    model = tf.saved_model.load(str(HERE.parent / "models" / "regression"))
    found = [_values(model)]
    for _ in range(STEPS):
        model.signatures["train"](**BATCH)
        found.append(_values(model))
    return found


def _values(model: object) -> dict[str, object]:
    return {"w": model.w.numpy().ravel().tolist(), "b": [float(model.b.numpy())]}


def other(w: tf.Tensor, b: tf.Tensor) -> tf.Module:
    """A model with the same names."""
    module = tf.Module()
    module.w = tf.Variable(w)
    module.b = tf.Variable(b)
    return module


def write(name: str, **objects: object) -> None:
    tf.train.Checkpoint(**objects).write(str(FOLDER / name))


class Votes(tf.Module):
    """A table that changes, beside a variable."""

    def __init__(self) -> None:
        super().__init__()
        self.total = tf.Variable(0, dtype=tf.int64, name="total")
        self.table = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, default_value=0)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="names")])
    def vote(self, names: tf.Tensor) -> dict[str, tf.Tensor]:
        self.table.insert(names, self.table.lookup(names) + 1)
        return {"total": self.total.assign_add(tf.size(names, out_type=tf.int64))}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="names")])
    def count(self, names: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"votes": self.table.lookup(names), "total": self.total.read_value()}


def write_votes() -> None:
    """A model without a vote, and a checkpoint of it with three."""
    votes = Votes()
    signatures = {"vote": votes.vote, "count": votes.count}
    tf.saved_model.save(votes, str(FOLDER / "votes"), signatures=signatures, options=OPTIONS)
    votes.vote(tf.constant(["ann", "bob"]))
    votes.vote(tf.constant(["ann"]))
    write("votes-attribute", epoch=tf.Variable(7), model=votes)


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    model = trained()
    # The model itself, with the counter that `save` adds; as `tf.train.Checkpoint` names its files.
    tf.train.Checkpoint(model).save(str(FOLDER / "itself"))
    (FOLDER / "checkpoint").unlink()
    # The model as an attribute, beside others.
    write("attribute", epoch=tf.Variable(7), model=model)
    # Which of the two?
    write("two", model=model, average=Regression())
    write("shapes", root=other(tf.zeros([3, 1]), tf.zeros([])))
    write("dtypes", root=other(tf.zeros([2, 1]), tf.zeros([], tf.float64)))
    write_votes()
    tf.io.write_file(str(FOLDER / "values.json"), json.dumps(values(), indent=1) + "\n")


if __name__ == "__main__":
    main()
