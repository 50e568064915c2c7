"""A signature of a SavedModel as a model of MLServer, with TensorFlow in Python behind it."""

import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse, MetadataTensor, ResponseOutput
from saved_model import DATATYPES, Served

models = {}


class SignatureModel(MLModel):
    async def load(self):
        extra = self.settings.parameters.extra
        folder, self.key = extra["folder"], extra["signature"]
        if folder not in models:
            models[folder] = Served(folder)
        self.served = models[folder]
        _, inputs, outputs = next(each for each in self.served.signatures() if each[0] == self.key)
        describe = lambda item: MetadataTensor(name=item[0], datatype=DATATYPES[item[1].name], shape=item[2])
        self.inputs = [describe(item) for item in inputs]
        self.outputs = [describe(item) for item in outputs]
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        fed = {}
        for item in payload.inputs:
            if item.datatype == "BYTES":
                data = [text if isinstance(text, bytes) else text.encode() for text in item.data]
                fed[item.name] = np.array(data, dtype=object).reshape(item.shape)
            else:
                fed[item.name] = NumpyCodec.decode_input(item).reshape(item.shape)
        outputs = []
        for name, value in self.served.run(self.key, fed).items():
            # Its codecs make null of NaN, and vectors of scalars.
            value = np.asarray(value)
            is_text = value.dtype == object
            data = [bytes(text) for text in value.reshape(-1)] if is_text else value.reshape(-1).tolist()
            datatype = "BYTES" if is_text else DATATYPES[value.dtype.name]
            outputs.append(ResponseOutput(name=name, datatype=datatype, shape=list(value.shape), data=data))
        return InferenceResponse(model_name=self.name, outputs=outputs)
