"""Runs the calls of a golden."""

from pathlib import Path
from typing import Any

from .compare import difference
from .golden import Call, Case, encode_all
from .loading import Model, open_model, open_session


def record(directory: Path, cases: list[Case]) -> list[dict[str, Any]]:
    """Runs `cases` on the SavedModel in `directory` and returns them with their outputs, as JSON values.

    Raises AssertionError if a session answers something else than a model loaded by `tf.saved_model.load`: what holds
    in Python only is no golden for the C API. (A Keras 3 model saved without an ExportArchive is such a case.)
    """
    return [{"name": case.name, "calls": _record_calls(directory, case.calls)} for case in cases]


def _record_calls(directory: Path, calls: list[Call]) -> list[dict[str, Any]]:
    model, session = open_model(directory), open_session(directory)
    return [_record_call(call, model, session) for call in calls]


def _record_call(call: Call, model: Model, session: Model) -> dict[str, Any]:
    outputs = model.call(call.signature, call.inputs)
    for key, output in session.call(call.signature, call.inputs).items():
        problem = difference(output, outputs[key])
        assert problem is None, f"{call.signature}(): output {key!r} differs in a session: {problem}"
    return {"signature": call.signature, "inputs": encode_all(call.inputs), "outputs": encode_all(outputs)}
