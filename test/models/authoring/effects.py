"""`effects`: stateful operations that change nothing another call could see, beside some that do."""

from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.compiler.tf2xla.ops import gen_xla_ops

from .golden import Call, Case, string, strings
from .saving import OPTIONS

ROWS = [tf.TensorSpec([None], tf.float32, name="x")]
WORDS = [tf.TensorSpec([None], tf.string, name="words")]

# What `jax2tf` makes of a function is one operation with such a module.
STABLE_HLO = b"""module @jit_tanh attributes {jax.uses_shape_polymorphism = true} {
  func.func public @main(%arg0: tensor<?x2xf32>) -> tensor<?x2xf32> {
    %0 = stablehlo.tanh %arg0 : tensor<?x2xf32>
    return %0 : tensor<?x2xf32>
  }
}"""


class Effects(tf.Module):
    """Has one signature for each kind of effect."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = tf.random.Generator.from_seed(1)
        self.table = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, default_value=-1)
        self.kept_rows = tf.Variable([0.0], shape=[None], name="kept_rows")

    @tf.function(input_signature=ROWS)
    def keep(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        self.kept_rows.assign(x)
        return {"size": tf.size(x)}

    @tf.function(input_signature=[])
    def kept(self) -> dict[str, tf.Tensor]:
        return {"x": self.kept_rows.read_value()}

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="x")])
    def jax(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        (y,) = gen_xla_ops.xla_call_module(
            args=[x], version=9, module=STABLE_HLO, Sout=[tf.TensorShape([None, 2])], Tout=[tf.float32],
            platforms=["CPU"], dim_args_spec=[], function_list=[], has_token_input_output=False, disabled_checks=[],
        )
        return {"y": tf.ensure_shape(y, [None, 2])}

    @tf.function(input_signature=ROWS)
    def mapped(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        rows = tf.data.Dataset.from_tensor_slices(x).map(lambda row: row * 2).batch(1_000_000)
        return {"y": tf.ensure_shape(rows.get_single_element(), [None])}

    @tf.function(input_signature=ROWS)
    def reduced(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        total = tf.constant(0.0)
        for row in tf.data.Dataset.from_tensor_slices(x).shuffle(10, seed=1):
            total += row
        return {"total": total}

    @tf.function(input_signature=ROWS)
    def iterated(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        rows = iter(tf.data.Dataset.from_tensor_slices(x).repeat())
        first = next(rows)
        total = tf.constant(0.0)
        # A loop's body is another function, to which the iterator is handed.
        for _ in tf.range(3):
            total += next(rows)
        return {"first": first, "total": total}

    @tf.function(input_signature=ROWS)
    def printed(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        tf.print("printed", x)
        return {"y": x + tf.strings.to_number(tf.strings.format("{}", tf.constant(1.0)))}

    @tf.function(input_signature=ROWS)
    def dropped(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"y": tf.nn.dropout(x, 0.5)}

    @tf.function(
        input_signature=[tf.TensorSpec([None], tf.string, name="words"), tf.TensorSpec([None], tf.int64, name="ids")]
    )
    def counted(self, words: tf.Tensor, ids: tf.Tensor) -> dict[str, tf.Tensor]:
        table = tf.raw_ops.AnonymousMutableHashTable(key_dtype=tf.string, value_dtype=tf.int64)
        with tf.control_dependencies([tf.raw_ops.LookupTableInsertV2(table_handle=table, keys=words, values=ids)]):
            size = tf.raw_ops.LookupTableSizeV2(table_handle=table)
        return {"size": size}

    @tf.function(
        input_signature=[tf.TensorSpec([None], tf.float32, name="x"), tf.TensorSpec([None], tf.float32, name="y")]
    )
    def pair(self, x: tf.Tensor, y: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"doubled": x * 2, "tripled": y * 3}

    @tf.function(input_signature=ROWS)
    def positive(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"y": tf.boolean_mask(x, x > 0)}

    @tf.function(input_signature=[tf.TensorSpec(None, tf.float32, name="x")])
    def shape_of(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"shape": tf.shape(x)}

    @tf.function(input_signature=WORDS)
    def upper(self, words: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"upper": tf.strings.upper(words)}

    @tf.function(input_signature=ROWS)
    def drawn(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"y": x + self.generator.uniform(tf.shape(x))}

    @tf.function(input_signature=[tf.TensorSpec([], tf.string, name="word"), tf.TensorSpec([], tf.int64, name="id")])
    def remember(self, word: tf.Tensor, id: tf.Tensor) -> dict[str, tf.Tensor]:
        with tf.control_dependencies([self.table.insert(word, id)]):
            return {"size": self.table.size()}

    @tf.function(input_signature=WORDS)
    def recall(self, words: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"ids": self.table.lookup(words)}


SIGNATURES = (
    "counted", "drawn", "dropped", "iterated", "jax", "keep", "kept", "mapped", "pair", "positive", "printed", "recall",
    "reduced", "remember", "shape_of", "upper",
)


def save(directory: Path) -> None:
    model = Effects()
    signatures = {name: getattr(model, name) for name in SIGNATURES}
    tf.saved_model.save(model, str(directory), signatures=signatures, options=OPTIONS)


def cases() -> list[Case]:
    return [
        Case("StableHLO", [Call("jax", {"x": np.array([[0, 1], [-2, 0.5]], np.float32)})]),
        Case("a dataset that is mapped", [_rows("mapped", 1, 2, 3)]),
        Case("a dataset that is reduced", [_rows("reduced", 1, 2, 3)]),
        Case("an iterator of the call's own", [_rows("iterated", 1, 2, 3), _rows("iterated", 1, 2, 3)]),
        Case("what is printed", [_rows("printed", 1, 2)]),
        Case(
            "a table of the call's own",
            [Call("counted", {"words": strings(*words), "ids": np.arange(len(words))}) for words in ("aba", "ab")],
        ),
        Case(
            "inputs with rows of their own",
            [Call("pair", {"x": np.array([1, 2], np.float32), "y": np.array([3], np.float32)})],
        ),
        Case("rows that are dropped", [_rows("positive", -1, 2, 3)]),
        Case("any rank", [Call("shape_of", {"x": np.zeros(shape, np.float32)}) for shape in ((), (2, 0), (1, 2, 3))]),
        Case("rows that are kept", [Call("kept"), _rows("keep", 1, 2), Call("kept")]),
        Case("upper case", [Call("upper", {"words": strings("a", "longer than 22 characters")})]),
        Case(
            "a table that outlives a call",
            [
                Call("recall", {"words": strings("a")}),
                Call("remember", {"word": string("a"), "id": np.array(7)}),
                Call("recall", {"words": strings("a", "b")}),
            ],
        ),
    ]


def _rows(signature: str, *x: float) -> Call:
    return Call(signature, {"x": np.array(x, np.float32)})
