"""`loop.py MODEL CASES`: calls the signatures of a SavedModel from Python, and takes the time of each call.

A call is what a program does with data of its own: make the input tensors, call the signature, read the result as NumPy.
Prints {"ready": true, ...}, then answers every line "case calls" of its standard input with nanoseconds per call.
"""

import json
import sys
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from timing import measure, repeated


def prepare(model: object, case: dict) -> Callable[[], object]:
    """One call of a case, with the same data as the other contestants."""
    function = model.signatures[case["signature"]]
    (output,) = function.structured_outputs
    data = {name: make(spec, case) for name, spec in function.structured_input_signature[1].items()}

    def call() -> object:
        inputs = {name: tf.constant(value) for name, value in data.items()}
        return function(**inputs)[output].numpy()

    return repeated(call, case)


def make(spec: tf.TensorSpec, case: dict) -> object:
    """Nested lists where the shape is small and fixed, an array where the case says how large it is."""
    if spec.dtype == tf.string:
        return [b"x" * case["stringBytes"] for _ in range(case["size"])]
    if "size" in case:
        shape = [case["size"] if size is None else size for size in spec.shape]
        return np.random.random(shape).astype(np.float32) if case.get("isRandom") else np.ones(shape, np.float32)
    return np.ones(spec.shape, np.float32).tolist()


def main() -> None:
    _, directory, cases = sys.argv
    model = tf.saved_model.load(directory)
    calls = {case["name"]: prepare(model, case) for case in json.loads(cases)}
    print(json.dumps({"ready": True, "tensorflow": tf.__version__}), flush=True)
    for line in sys.stdin:
        name, count = line.split()
        print(json.dumps(measure(calls[name], int(count))), flush=True)


main()
