"""Authors `digits`: an untrained network that tells which digit a picture shows, for examples/digits.ts.

    python digits.py

Nothing is trained here. What a caller in another language needs is exported as signatures: a step of training, an
evaluation, a prediction.
"""

import os
import shutil
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras  # noqa: E402  (TensorFlow reads its log level when it is imported)
import tensorflow as tf  # noqa: E402

IMAGES = tf.TensorSpec([None, 28, 28], tf.float32, name="images")
LABELS = tf.TensorSpec([None], tf.int32, name="labels")


class Digits:
    """Two convolutions and a linear layer, trained with Adam: 9,098 parameters."""

    def __init__(self) -> None:
        layers = keras.layers
        self.network = keras.Sequential([
            keras.Input((28, 28)),
            layers.Reshape((28, 28, 1)),
            layers.Conv2D(8, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10),
        ])
        self.adam = keras.optimizers.Adam(learning_rate=0.004)
        self.adam.build(self.network.trainable_variables)

    @tf.function(input_signature=[IMAGES, LABELS])
    def train(self, images: tf.Tensor, labels: tf.Tensor) -> dict[str, tf.Tensor]:
        weights = self.network.trainable_variables
        with tf.GradientTape() as tape:
            measured = self._measure(self.network(images, training=True), labels)
        self.adam.apply(tape.gradient(measured["loss"], weights), weights)
        return measured

    @tf.function(input_signature=[IMAGES, LABELS])
    def evaluate(self, images: tf.Tensor, labels: tf.Tensor) -> dict[str, tf.Tensor]:
        return self._measure(self.network(images), labels)

    @tf.function(input_signature=[IMAGES])
    def predict(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        probabilities = tf.nn.softmax(self.network(images))
        return {"digits": tf.argmax(probabilities, axis=1, output_type=tf.int32), "probabilities": probabilities}

    def _measure(self, logits: tf.Tensor, labels: tf.Tensor) -> dict[str, tf.Tensor]:
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        right = tf.equal(tf.argmax(logits, axis=1, output_type=tf.int32), labels)
        return {"loss": tf.reduce_mean(losses), "accuracy": tf.reduce_mean(tf.cast(right, tf.float32))}


def main() -> None:
    keras.utils.set_random_seed(1)
    digits = Digits()
    root = tf.Module()
    # Each variable once: an exported Keras object would be written with a second copy of its own.
    root.model_variables = [variable.value for variable in digits.network.variables + digits.adam.variables]
    signatures = {"train": digits.train, "evaluate": digits.evaluate, "predict": digits.predict}
    options = tf.saved_model.SaveOptions(
        save_debug_info=False, experimental_debug_stripper=True, experimental_custom_gradients=False
    )
    directory = Path(__file__).resolve().with_suffix("")
    shutil.rmtree(directory, ignore_errors=True)
    tf.saved_model.save(root, str(directory), signatures=signatures, options=options)


if __name__ == "__main__":
    main()
