"""`keras3_saved`: like `custom_model`, but the Keras model itself is given to `tf.saved_model.save`.

Keras 3 then writes each variable twice: the loader restores one copy, and the signatures read the other, which in a
session has no value ("Could not find variable"). In Python both are one variable.
"""

from pathlib import Path

from . import custom_model
from .custom_model import cases

__all__ = ["SESSION_AGREES", "cases", "save"]

SESSION_AGREES = False


def save(directory: Path) -> None:
    custom_model.save(directory, whole_model=True)
