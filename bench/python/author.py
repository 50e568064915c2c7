"""`author.py NETWORK DIRECTORY`: saves a convolutional network with random weights, the same ones each time.

Its only signature is `predict`: any number of images in, a probability for each class out. Plain operations of TensorFlow, so
that no version of Keras has a part in what is measured.
"""

import sys

import numpy as np
import tensorflow as tf

RANDOM = np.random.default_rng(1)


def weights(shape: list[int], fan_in: int) -> tf.Variable:
    """Random ones that keep the variance of what passes through them."""
    return tf.Variable(RANDOM.normal(0, np.sqrt(2 / fan_in), shape).astype(np.float32))


class Convolution(tf.Module):
    """A convolution, batch normalisation as it is after training, and ReLU6 unless it is linear."""

    def __init__(self, inputs: int, filters: int, size: int = 3, stride: int = 1, linear: bool = False) -> None:
        super().__init__()
        self.kernel = weights([size, size, inputs, filters], size * size * inputs)
        self.normalisation = [tf.Variable(value) for value in statistics(filters)]
        self.strides = (1, stride, stride, 1)
        self.linear = linear

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        y = tf.nn.conv2d(x, self.kernel, self.strides, "SAME")
        y, _, _ = tf.compat.v1.nn.fused_batch_norm(y, *self.normalisation, is_training=False)
        return y if self.linear else tf.nn.relu6(y)


class DepthwiseConvolution(tf.Module):
    """The same for each channel by itself."""

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        self.kernel = weights([3, 3, channels, 1], 9)
        self.normalisation = [tf.Variable(value) for value in statistics(channels)]
        self.strides = (1, stride, stride, 1)

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        y = tf.nn.depthwise_conv2d(x, self.kernel, self.strides, "SAME")
        y, _, _ = tf.compat.v1.nn.fused_batch_norm(y, *self.normalisation, is_training=False)
        return tf.nn.relu6(y)


def statistics(channels: int) -> list[np.ndarray]:
    """Scale, offset, mean and variance of a batch normalisation."""
    ranges = ((0.9, 1.1), (-0.1, 0.1), (-0.1, 0.1), (0.9, 1.1))
    return [RANDOM.uniform(low, high, [channels]).astype(np.float32) for low, high in ranges]


class InvertedResidual(tf.Module):
    """The block of MobileNetV2: more channels, a convolution of each of them, fewer channels."""

    def __init__(self, inputs: int, outputs: int, expansion: int, stride: int) -> None:
        super().__init__()
        channels = inputs * expansion
        self.layers = [] if expansion == 1 else [Convolution(inputs, channels, size=1)]
        self.layers += [DepthwiseConvolution(channels, stride), Convolution(channels, outputs, size=1, linear=True)]
        self.is_residual = stride == 1 and inputs == outputs

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        y = x
        for layer in self.layers:
            y = layer(y)
        return x + y if self.is_residual else y


class Network(tf.Module):
    """Layers, the mean of each channel, and one dense layer."""

    def __init__(self, image: list[int], layers: list[tf.Module], channels: int, classes: int) -> None:
        super().__init__()
        self.layers = layers
        self.dense = weights([channels, classes], channels)
        self.bias = tf.Variable(tf.zeros([classes]))
        self.predict = tf.function(self._predict, [tf.TensorSpec([None, *image], tf.float32, name="images")])

    def _predict(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        y = images
        for layer in self.layers:
            y = layer(y)
        y = tf.reduce_mean(y, axis=[1, 2])
        return {"probabilities": tf.nn.softmax(y @ self.dense + self.bias)}


def cnn() -> Network:
    """Three convolutions on images of 32 × 32, for ten classes: 57,000 weights."""
    layers = [Convolution(3, 32), Convolution(32, 64, stride=2), Convolution(64, 64, stride=2)]
    return Network([32, 32, 3], layers, 64, 10)


def mobilenet() -> Network:
    """MobileNetV2 for images of 224 × 224 and a thousand classes: 3.5 million weights."""
    layers = [Convolution(3, 32, stride=2)]
    inputs = 32
    # Expansion, channels, how many blocks, and the stride of the first of them: table 2 of the paper.
    blocks = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
    for expansion, channels, count, stride in blocks:
        for index in range(count):
            layers.append(InvertedResidual(inputs, channels, expansion, stride if index == 0 else 1))
            inputs = channels
    return Network([224, 224, 3], [*layers, Convolution(inputs, 1280, size=1)], 1280, 1000)


def main() -> None:
    _, name, directory = sys.argv
    network = {"cnn": cnn, "mobilenet": mobilenet}[name]()
    # Stack traces of Python would be most of the graph.
    options = tf.saved_model.SaveOptions(save_debug_info=False, experimental_debug_stripper=True)
    tf.saved_model.save(network, directory, signatures={"predict": network.predict}, options=options)


main()
