"""The signatures of a SavedModel as TensorFlow in Python runs them, for the servers beside this file."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

DATATYPES = {
    "bool": "BOOL", "uint8": "UINT8", "uint16": "UINT16", "uint32": "UINT32", "uint64": "UINT64",
    "int8": "INT8", "int16": "INT16", "int32": "INT32", "int64": "INT64",
    "float16": "FP16", "bfloat16": "BF16", "float32": "FP32", "float64": "FP64", "string": "BYTES",
}


class Served:
    """One SavedModel."""

    def __init__(self, folder):
        self.model = tf.saved_model.load(folder)

    def signatures(self):
        """Names, inputs and outputs: the key, dtype and shape of each."""
        for key, function in self.model.signatures.items():
            inputs = function.structured_input_signature[1]
            outputs = function.structured_outputs
            if not isinstance(outputs, dict):
                continue
            tensors = [*inputs.values(), *outputs.values()]
            if all(hasattr(tensor, "dtype") and tensor.dtype.name in DATATYPES for tensor in tensors):
                yield key, [self.describe(item) for item in inputs.items()], [
                    self.describe(item) for item in outputs.items()
                ]

    @staticmethod
    def describe(item):
        key, tensor = item
        shape = [] if tensor.shape.rank is None else [-1 if size is None else size for size in tensor.shape]
        return key, tensor.dtype, shape

    def run(self, key, inputs):
        """Runs a signature with arrays by key."""
        function = self.model.signatures[key]
        specs = function.structured_input_signature[1]
        fed = {name: tf.constant(value, dtype=specs[name].dtype) for name, value in inputs.items()}
        results = {name: tensor.numpy() for name, tensor in function(**fed).items()}
        # A scalar string is a Python object, of which NumPy would make one of fixed length.
        return {
            name: np.asarray(value, dtype=object if isinstance(value, bytes) else None)
            for name, value in results.items()
        }
