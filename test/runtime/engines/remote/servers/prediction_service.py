"""TensorFlow Serving's own protocol stubs in front of TensorFlow in Python: python prediction_service.py PORT NAME FOLDER"""

import sys
from concurrent import futures

import grpc
from prediction import Prediction, Rejection
from tensorflow_serving.apis import prediction_service_pb2_grpc

port, name, folder = sys.argv[1:]
prediction = Prediction(name, folder)


def answer(call, request, context):
    try:
        return call(request)
    except Rejection as rejection:
        context.abort(rejection.code, rejection.details)


class Servicer(prediction_service_pb2_grpc.PredictionServiceServicer):
    def Predict(self, request, context):
        return answer(prediction.predict, request, context)

    def GetModelMetadata(self, request, context):
        return answer(prediction.describe, request, context)


server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Servicer(), server)
server.add_insecure_port(f"127.0.0.1:{port}")
server.start()
print("ready", flush=True)
server.wait_for_termination()
