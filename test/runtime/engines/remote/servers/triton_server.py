"""Triton with TensorFlow in Python behind it: python triton_server.py HTTP_PORT GRPC_PORT NAME FOLDER"""

import signal
import sys

import numpy as np
from pytriton.model_config import ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig
from saved_model import Served

http_port, grpc_port, name, folder = sys.argv[1:]
# Triton is a separate process, which ends when its context is left.
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
served = Served(folder)


def tensor_of(item):
    key, dtype, shape = item
    # Triton has no scalars.
    dtype = np.bytes_ if dtype.name == "string" else dtype.as_numpy_dtype
    return Tensor(name=key, dtype=dtype, shape=tuple(shape) or (1,))


def infer_of(key, inputs):
    scalars = {name for name, _, shape in inputs if not shape}

    def infer(requests):
        results = []
        for request in requests:
            fed = {name: value.reshape(()) if name in scalars else value for name, value in request.data.items()}
            outputs = served.run(key, fed)
            results.append({name: np.atleast_1d(value) for name, value in outputs.items()})
        return results

    return infer


config = TritonConfig(
    http_address="127.0.0.1",
    http_port=int(http_port),
    grpc_address="127.0.0.1",
    grpc_port=int(grpc_port),
    allow_metrics=False,
)
with Triton(config=config) as triton:
    for key, inputs, outputs in served.signatures():
        if not inputs or any(dtype.name == "bfloat16" for _, dtype, _ in [*inputs, *outputs]):
            continue
        triton.bind(
            model_name=f"{name}.{key}",
            infer_func=infer_of(key, inputs),
            inputs=[tensor_of(item) for item in inputs],
            outputs=[tensor_of(item) for item in outputs],
            config=ModelConfig(max_batch_size=0, batching=False),
        )
    triton.run()
    print("ready", flush=True)
    # Until the program that started it ends, or ends it.
    sys.stdin.read()
