"""Checks with TensorFlow in Python that models that others made answer as they did in TypeScript, on the same machine.

    python strangers.py CALLS_JSON

CALLS_JSON is a list of calls in the format of the goldens, with the `directory` and `tags` of their model. Each is made on
a fresh load, in a session as TensorFlow's C API does it. Floats may differ by rtol 1e-5.
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "models"))

from authoring import compare  # noqa: E402
from authoring.golden import decode, decode_all  # noqa: E402
from authoring.loading import open_session  # noqa: E402
from verify import Check, report  # noqa: E402

compare.RTOL = 1e-5
compare.ATOL = 1e-7


def check(calls: list[dict[str, Any]]) -> Iterator[Check]:
    for call in calls:
        directory = Path(call["directory"])
        session = open_session(directory, call["tags"])
        actual = session.call(call["signature"], decode_all(call["inputs"]))
        for key, expected in call["outputs"].items():
            title = f"{directory.name}: {call['signature']}() {key}"
            yield title, compare.difference(actual[key], decode(expected))


if __name__ == "__main__":
    sys.exit(report(check(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))))
