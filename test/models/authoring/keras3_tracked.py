"""`keras3_tracked`: like `keras3`, but with `archive.track(model)`, as Keras' documentation shows it.

Keras then writes each weight twice: the signatures read and train one copy, and `tf.saved_model.load` reads the other
from a checkpoint. In Python both are one variable. A session that trains the model and saves it as the SaverDef says
leaves the old values in the copy that Python reads.
"""

from pathlib import Path

from . import keras3
from .keras3 import cases

__all__ = ["cases", "save"]


def save(directory: Path) -> None:
    keras3.save(directory, track=True)
