"""Runs the calls of a golden."""

from pathlib import Path
from typing import Any

from .compare import difference
from .golden import Call, Case, encode_all
from .loading import Model, open_model, open_session


def record(directory: Path, cases: list[Case], session_agrees: bool) -> list[dict[str, Any]]:
    """Runs `cases` on the SavedModel in `directory` and returns them with their outputs, as JSON values.

    Raises AssertionError if `session_agrees` and a session answers something else than a model loaded by
    `tf.saved_model.load`.
    """
    return [{"name": case.name, "calls": _record_calls(directory, case.calls, session_agrees)} for case in cases]


def _record_calls(directory: Path, calls: list[Call], session_agrees: bool) -> list[dict[str, Any]]:
    model = open_model(directory)
    session = open_session(directory) if session_agrees else None
    return [_record_call(call, model, session) for call in calls]


def _record_call(call: Call, model: Model, session: Model | None) -> dict[str, Any]:
    outputs = model.call(call.signature, call.inputs)
    for key, output in session.call(call.signature, call.inputs).items() if session else ():
        problem = difference(output, outputs[key])
        assert problem is None, f"{call.signature}(): output {key!r} differs in a session: {problem}"
    return {"signature": call.signature, "inputs": encode_all(call.inputs), "outputs": encode_all(outputs)}
