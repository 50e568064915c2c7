"""TensorFlow Serving's own protocol stubs in front of TensorFlow in Python: python prediction_service.py PORT NAME FOLDER"""

import sys
from concurrent import futures

import grpc
import tensorflow as tf
from google.protobuf.wrappers_pb2 import Int64Value
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    model_pb2,
    predict_pb2,
    prediction_service_pb2_grpc,
)

port, name, folder = sys.argv[1:]
model = tf.saved_model.load(folder)
with open(f"{folder}/saved_model.pb", "rb") as file:
    proto = saved_model_pb2.SavedModel.FromString(file.read())
signatures = {
    key: value
    for key, value in proto.meta_graphs[0].signature_def.items()
    if key != "__saved_model_init_op"
}


class Servicer(prediction_service_pb2_grpc.PredictionServiceServicer):
    def check(self, spec, context):
        if spec.name != name:
            context.abort(grpc.StatusCode.NOT_FOUND, f"Servable not found for request: Latest({spec.name})")
        return model_pb2.ModelSpec(name=name, version=Int64Value(value=5), signature_name=spec.signature_name)

    def Predict(self, request, context):
        spec = self.check(request.model_spec, context)
        if spec.signature_name not in signatures:
            what = f'Serving signature name: "{spec.signature_name}" not found in signature def'
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, what)
        inputs = {key: tf.constant(tf.make_ndarray(value)) for key, value in request.inputs.items()}
        inputs = {key: tf.cast(value, tf.as_dtype(request.inputs[key].dtype)) for key, value in inputs.items()}
        # As TensorFlow Serving does; a loaded function asks for all of its inputs.
        for key, value in signatures[spec.signature_name].defaults.items():
            if key not in inputs:
                inputs[key] = tf.constant(tf.make_ndarray(value), dtype=tf.as_dtype(value.dtype))
        try:
            outputs = model.signatures[spec.signature_name](**inputs)
        except (TypeError, ValueError, tf.errors.InvalidArgumentError) as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        response = predict_pb2.PredictResponse(model_spec=spec)
        for key in request.output_filter or outputs:
            response.outputs[key].CopyFrom(tf.make_tensor_proto(outputs[key].numpy(), dtype=outputs[key].dtype))
        return response

    def GetModelMetadata(self, request, context):
        response = get_model_metadata_pb2.GetModelMetadataResponse(model_spec=self.check(request.model_spec, context))
        definitions = get_model_metadata_pb2.SignatureDefMap()
        for key, value in signatures.items():
            definitions.signature_def[key].CopyFrom(value)
        response.metadata["signature_def"].Pack(definitions)
        return response


server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Servicer(), server)
server.add_insecure_port(f"127.0.0.1:{port}")
server.start()
print("ready", flush=True)
server.wait_for_termination()
