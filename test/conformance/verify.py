"""Checks with TensorFlow in Python that a SavedModel answers as expected.

    python verify.py MODEL_DIR EXPECTED_JSON [ORIGINAL_DIR]

EXPECTED_JSON has the format of `test/models/*.golden.json`: each case starts from a fresh load of MODEL_DIR. Floats may
differ by rtol 1e-6 / atol 1e-7, everything else must be equal. With ORIGINAL_DIR, MODEL_DIR must also have exactly the
files of the folder it was saved from, and differ from it in nothing but the variables' values.

Prints one line per check. Exits with 0 when all hold, 1 when one does not, 2 on wrong arguments.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "models"))

from authoring.compare import difference  # noqa: E402  (the path and TensorFlow's log level come first)
from authoring.golden import decode, decode_all  # noqa: E402
from authoring.loading import Model, open_model  # noqa: E402

Check = tuple[str, str | None]
"""What was checked, and what is wrong with it, if anything."""


def check_files(directory: Path, original: Path) -> Iterator[Check]:
    """A saved folder has the files of the original; all but the variables are copies."""
    files, wanted = _files(directory), _files(original)
    for name in sorted(files | wanted):
        if name not in files:
            yield f"file {name}", "is missing"
        elif name not in wanted:
            yield f"file {name}", "is not in the original"
        elif name.startswith("variables/"):
            yield f"file {name}", None if (directory / name).stat().st_size else "is empty"
        else:
            same = (directory / name).read_bytes() == (original / name).read_bytes()
            yield f"file {name}", None if same else "differs from the original"


def _files(directory: Path) -> set[str]:
    return {path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()}


def check_cases(directory: Path, cases: list[dict[str, Any]]) -> Iterator[Check]:
    for case in cases:
        try:
            model = open_model(directory)
        except Exception as error:  # TensorFlow raises many unrelated classes, and each is a finding to report.
            yield f"{case['name']}: load", _describe(error)
            continue
        for number, call in enumerate(case["calls"], start=1):
            yield from _check_call(model, call, f"{case['name']}: {number}. {call['signature']}()")


def _check_call(model: Model, call: dict[str, Any], title: str) -> Iterator[Check]:
    try:
        actual = model.call(call["signature"], decode_all(call["inputs"]))
    except Exception as error:  # As above.
        yield title, _describe(error)
        return
    for key in sorted(actual.keys() | call["outputs"].keys()):
        if key not in actual:
            yield f"{title} {key}", f"is missing; the outputs are {sorted(actual)}"
        elif key not in call["outputs"]:
            yield f"{title} {key}", "is not expected"
        else:
            yield f"{title} {key}", difference(actual[key], decode(call["outputs"][key]))


def _describe(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"


def report(checks: Iterator[Check]) -> int:
    """Prints each check and a summary; returns the exit code."""
    failures = []
    count = 0
    for title, problem in checks:
        count += 1
        print(_line(title, problem), flush=True)
        if problem:
            failures.append(_line(title, problem))
    if failures:
        print(f"\n{len(failures)} of {count} checks failed:", *failures, sep="\n")
    else:
        print(f"{count} checks passed")
    return 1 if failures or not count else 0


def _line(title: str, problem: str | None) -> str:
    """One line, whatever the keys of the model contain."""
    text = f"FAIL  {title}: {problem}" if problem else f"ok    {title}"
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


def _checks(arguments: argparse.Namespace, cases: list[dict[str, Any]]) -> Iterator[Check]:
    if arguments.original:
        yield from check_files(arguments.model, arguments.original)
    yield from check_cases(arguments.model, cases)


def main() -> int:
    parser = argparse.ArgumentParser(description="Checks with TensorFlow that a SavedModel answers as expected.")
    parser.add_argument("model", type=Path, metavar="MODEL_DIR")
    parser.add_argument("expected", type=Path, metavar="EXPECTED_JSON")
    parser.add_argument("original", type=Path, metavar="ORIGINAL_DIR", nargs="?")
    arguments = parser.parse_args()
    for path in (arguments.model, arguments.expected, arguments.original):
        if path and not path.exists():
            parser.error(f"{path} does not exist")
    return report(_checks(arguments, json.loads(arguments.expected.read_text(encoding="utf-8"))["cases"]))


if __name__ == "__main__":
    sys.exit(main())
