"""`text`: strings, booleans and 64-bit integers, several outputs of several dtypes, and an asset (a vocabulary)."""

import tempfile
from pathlib import Path

import numpy as np
import tensorflow as tf

from .golden import Call, Case, string, strings
from .saving import OPTIONS

VOCABULARY = ("red", "green", "blue", "größe", "色")


class Text(tf.Module):
    """Describes texts, and looks words up in a vocabulary."""

    def __init__(self, vocabulary: Path) -> None:
        super().__init__()
        line, number = tf.lookup.TextFileIndex.WHOLE_LINE, tf.lookup.TextFileIndex.LINE_NUMBER
        words = tf.lookup.TextFileInitializer(str(vocabulary), tf.string, line, tf.int64, number)
        self.table = tf.lookup.StaticHashTable(words, default_value=-1)

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, name="texts"),
            tf.TensorSpec([], tf.bool, name="uppercase"),
            tf.TensorSpec([], tf.int64, name="repeat"),
        ]
    )
    def describe(self, texts: tf.Tensor, uppercase: tf.Tensor, repeat: tf.Tensor) -> dict[str, tf.Tensor]:
        shown = tf.where(uppercase, tf.strings.upper(texts, encoding="utf-8"), texts)
        lengths = tf.cast(tf.strings.length(texts), tf.int64)
        return {
            "joined": tf.strings.reduce_join(tf.repeat(shown, repeat), separator=" "),
            "lengths": lengths,
            "long": lengths > 5,
            "score": 1 / (1 + tf.cast(lengths, tf.float32)),
        }

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="data")])
    def echo(self, data: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"data": tf.identity(data)}

    @tf.function(input_signature=[tf.TensorSpec([], tf.string, name="name")])
    def greet(self, name: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"greeting": tf.strings.join(["Hello, ", name, "!"])}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="words")])
    def look_up(self, words: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"ids": self.table.lookup(words)}


def save(directory: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        vocabulary = Path(folder) / "vocabulary.txt"
        vocabulary.write_text("\n".join(VOCABULARY) + "\n", encoding="utf-8")
        model = Text(vocabulary)
        signatures = {"describe": model.describe, "echo": model.echo, "greet": model.greet, "look_up": model.look_up}
        tf.saved_model.save(model, str(directory), signatures=signatures, options=OPTIONS)


def cases() -> list[Case]:
    raw = strings(b"\xff\xfe", b"\x00", b"a\x00b\x00", b"", b"\xc3\x28", bytes(range(256)))
    return [
        Case("texts as they are", [_describe(["a", "longer text", ""], False, 1)]),
        Case("upper case of other alphabets", [_describe(["grüße", "привет", "色"], True, 2)]),
        Case("no repeats", [_describe(["a", "b"], True, 0)]),
        Case("no texts", [_describe([], False, 1)]),
        Case("bytes that are not UTF-8", [Call("echo", {"data": raw}), Call("echo", {"data": strings()})]),
        Case("a scalar string", [Call("greet", {"name": string("Zoë 👋")}), Call("greet", {"name": string("")})]),
        Case("words in and out of the vocabulary", [Call("look_up", {"words": strings("色", "red", "pink", "größe")})]),
    ]


def _describe(texts: list[str], uppercase: bool, repeat: int) -> Call:
    inputs = {"texts": strings(*texts), "uppercase": np.array(uppercase), "repeat": np.array(repeat, dtype=np.int64)}
    return Call("describe", inputs)
