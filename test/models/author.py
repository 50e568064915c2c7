"""Authors the SavedModels of this folder and their goldens.

    python author.py                   # every model
    python author.py counter text      # only these

Each model is one module of `authoring/`: how it is built, and which calls its golden holds. The goldens are what
TensorFlow answers after loading the written folder again, never what the live Python objects answer. A module with a
function `write_more` writes goldens in a form of its own, too.
"""

import argparse
import importlib
import os
import shutil
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras  # noqa: E402  (TensorFlow reads its log level when it is imported)

from authoring.golden import write  # noqa: E402
from authoring.record import record  # noqa: E402

HERE = Path(__file__).resolve().parent
MODELS = (
    "arguments", "arguments_renamed", "composite", "contradictions", "counter", "custom_model", "dtypes", "effects",
    "example", "keras3", "keras3_inputs", "keras3_saved", "keras3_tracked", "metrics", "names", "optimizers", "regression",
    "spin", "text", "text_format",
)


def author(name: str) -> None:
    """Writes the model `name` and its golden, replacing what is there."""
    definition = importlib.import_module(f"authoring.{name}")
    directory = HERE / name
    shutil.rmtree(directory, ignore_errors=True)
    keras.backend.clear_session()
    keras.utils.set_random_seed(1)
    definition.save(directory)
    session_agrees = getattr(definition, "SESSION_AGREES", True)
    write(HERE / f"{name}.golden.json", name, record(directory, definition.cases(), session_agrees))
    if hasattr(definition, "write_more"):
        definition.write_more(directory)


def main() -> None:
    parser = argparse.ArgumentParser(description="Authors the test models and their goldens.")
    parser.add_argument("names", nargs="*", metavar="model", help=f"one of {', '.join(MODELS)} (default: all)")
    names = parser.parse_args().names or MODELS
    unknown = sorted(set(names) - set(MODELS))
    if unknown:
        parser.error(f"no such model: {', '.join(unknown)} (known: {', '.join(MODELS)})")
    for name in names:
        author(name)
        size = sum(file.stat().st_size for file in (HERE / name).rglob("*") if file.is_file())
        print(f"{name}: {size:,} bytes")


if __name__ == "__main__":
    main()
