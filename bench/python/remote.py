"""`remote.py PROTOCOL ADDRESS CASES`: calls a server by the official Python client of its protocol.

Answers like loop.py.
"""

import json
import sys
from collections.abc import Callable

import numpy as np

from timing import measure, repeated


def kserve(address: str) -> Callable[[], object]:
    import tritonclient.grpc as triton

    client = triton.InferenceServerClient(address)
    outputs = [triton.InferRequestedOutput(OUTPUT)]

    def call() -> object:
        tensor = triton.InferInput(INPUT, [1, 2], "FP32")
        tensor.set_data_from_numpy(np.array([[1, 1]], np.float32))
        return client.infer("custom_model.pred", [tensor], outputs=outputs).as_numpy(OUTPUT)

    return call


def serving(address: str) -> Callable[[], object]:
    import grpc
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    stub = prediction_service_pb2_grpc.PredictionServiceStub(grpc.insecure_channel(address))

    def call() -> object:
        request = predict_pb2.PredictRequest()
        request.model_spec.name = "custom_model"
        request.model_spec.signature_name = "pred"
        request.output_filter.append(OUTPUT)
        request.inputs[INPUT].CopyFrom(tf.make_tensor_proto(np.array([[1, 1]], np.float32)))
        return tf.make_ndarray(stub.Predict(request).outputs[OUTPUT])

    return call


INPUT = "inputs"
OUTPUT = "output"


def main() -> None:
    _, protocol, address, cases = sys.argv
    call = {"kserve": kserve, "serving": serving}[protocol](address)
    calls = {case["name"]: repeated(call, case) for case in json.loads(cases)}
    call()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        name, count = line.split()
        print(json.dumps(measure(calls[name], int(count))), flush=True)


main()
