"""Answers to the requests of TensorFlow Serving's own stubs, by TensorFlow in Python."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import grpc
import tensorflow as tf
from google.protobuf.wrappers_pb2 import Int64Value
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import get_model_metadata_pb2, model_pb2, predict_pb2


class Rejection(Exception):
    """The status of a request that TensorFlow Serving does not answer either."""

    def __init__(self, code, details):
        super().__init__(details)
        self.code = code
        self.details = details


class Prediction:
    """One SavedModel under a name."""

    def __init__(self, name, folder):
        self.name = name
        self.model = tf.saved_model.load(folder)
        with open(f"{folder}/saved_model.pb", "rb") as file:
            proto = saved_model_pb2.SavedModel.FromString(file.read())
        self.signatures = {
            key: value
            for key, value in proto.meta_graphs[0].signature_def.items()
            if key != "__saved_model_init_op"
        }

    def check(self, spec):
        if spec.name != self.name:
            what = f"Servable not found for request: Latest({spec.name})"
            raise Rejection(grpc.StatusCode.NOT_FOUND, what)
        return model_pb2.ModelSpec(name=self.name, version=Int64Value(value=5), signature_name=spec.signature_name)

    def predict(self, request):
        spec = self.check(request.model_spec)
        if spec.signature_name not in self.signatures:
            what = f'Serving signature name: "{spec.signature_name}" not found in signature def'
            raise Rejection(grpc.StatusCode.FAILED_PRECONDITION, what)
        inputs = {key: tf.constant(tf.make_ndarray(value)) for key, value in request.inputs.items()}
        inputs = {key: tf.cast(value, tf.as_dtype(request.inputs[key].dtype)) for key, value in inputs.items()}
        # As TensorFlow Serving does; a loaded function asks for all of its inputs.
        for key, value in self.signatures[spec.signature_name].defaults.items():
            if key not in inputs:
                inputs[key] = tf.constant(tf.make_ndarray(value), dtype=tf.as_dtype(value.dtype))
        try:
            outputs = self.model.signatures[spec.signature_name](**inputs)
        except (TypeError, ValueError, tf.errors.InvalidArgumentError) as error:
            raise Rejection(grpc.StatusCode.INVALID_ARGUMENT, str(error)) from error
        response = predict_pb2.PredictResponse(model_spec=spec)
        for key in request.output_filter or outputs:
            response.outputs[key].CopyFrom(tf.make_tensor_proto(outputs[key].numpy(), dtype=outputs[key].dtype))
        return response

    def describe(self, request):
        response = get_model_metadata_pb2.GetModelMetadataResponse(model_spec=self.check(request.model_spec))
        definitions = get_model_metadata_pb2.SignatureDefMap()
        for key, value in self.signatures.items():
            definitions.signature_def[key].CopyFrom(value)
        response.metadata["signature_def"].Pack(definitions)
        return response
