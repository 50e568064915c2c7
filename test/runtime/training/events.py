"""Writes events.golden.json: the bytes of event files as TensorFlow's own writer of records makes them.

    python events.py
"""

import base64
import json
import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf  # noqa: E402  (TensorFlow reads its log level when it is imported)
from tensorflow.core.framework.summary_pb2 import Summary  # noqa: E402
from tensorflow.core.util.event_pb2 import Event, SessionLog  # noqa: E402

CASES = [
    {"wallTime": 1.5, "step": 1, "isStart": True},
    {"wallTime": 1e9 + 0.25, "step": 1, "scalars": {"epoch_loss": 0.1, "epoch_accuracy": 1.0}},
    {"wallTime": 1e9 + 1, "step": 300, "scalars": {"epoch_ä": float("nan"), "zero": 0.0, "negative": -2.5}},
    {"wallTime": 2e9, "step": 2**40, "scalars": {"x" * 300: float("inf")}},
]


def event(case: dict) -> Event:
    made = Event(wall_time=case["wallTime"], step=case["step"])
    if "scalars" in case:
        values = [Summary.Value(tag=tag, simple_value=value) for tag, value in case["scalars"].items()]
        made.summary.CopyFrom(Summary(value=values))
    if case.get("isStart"):
        made.session_log.CopyFrom(SessionLog(status=SessionLog.START))
    return made


def records(*events: Event) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "events"))
        with tf.io.TFRecordWriter(path) as writer:
            for each in events:
                writer.write(each.SerializeToString())
        return base64.b64encode(Path(path).read_bytes()).decode()


def plain(case: dict) -> dict:
    """JSON has neither NaN nor infinities."""
    scalars = {tag: value if abs(value) < 1e300 else str(value) for tag, value in case.get("scalars", {}).items()}
    return case | ({"scalars": scalars} if scalars else {})


golden = {
    "tensorflow": tf.__version__,
    "version": {"wallTime": 1.5, "bytes": records(Event(wall_time=1.5, file_version="brain.Event:2"))},
    "events": [{"event": plain(case), "bytes": records(event(case))} for case in CASES],
}
path = Path(__file__).with_name("events.golden.json")
path.write_text(json.dumps(golden, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
