"""Writes loads/: models whose values TensorFlow's C loader does not restore or initialise, and checkpoints of parts of models.

    python loads.py

Needs the packages of ../../../models/requirements.txt, and tf_keras. `values.json` has what Python answers: for each model calls
of signatures with their inputs and outputs, and for each checkpoint the variables or outputs after restoring it.
"""

import json
import os
import shutil
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "models"))

import keras  # noqa: E402  (TensorFlow reads its log level when it is imported)
import tensorflow as tf  # noqa: E402
import tf_keras  # noqa: E402
from authoring.regression import Regression  # noqa: E402
from authoring.saving import OPTIONS  # noqa: E402
from tensorflow.core.protobuf import saved_model_pb2  # noqa: E402

v1 = tf.compat.v1
FOLDER = HERE / "loads"
SKIP_SAVER = tf.saved_model.SaveOptions(
    save_debug_info=False, experimental_debug_stripper=True, experimental_skip_saver=True
)
EXPAND = tf.saved_model.SaveOptions(
    save_debug_info=False,
    experimental_debug_stripper=True,
    experimental_variable_policy=tf.saved_model.experimental.VariablePolicy.EXPAND_DISTRIBUTED_VARIABLES,
)
VALUES: dict[str, object] = {}
FLOAT = tf.TensorSpec([], tf.float32, name="x")


def ask(name: str, signature: str, tags: list[str] | None = None, /, **inputs: object) -> None:
    """Records what a signature answers in Python after loading the written folder."""
    model = tf.saved_model.load(str(FOLDER / name), tags=tags)
    dtypes = {spec.name: spec.dtype for spec in model.signatures[signature].structured_input_signature[1].values()}
    answers = model.signatures[signature](**{key: tf.constant(value, dtypes.get(key)) for key, value in inputs.items()})
    outputs = {key: plain(value) for key, value in answers.items()}
    VALUES.setdefault(name, []).append({"signature": signature, "inputs": inputs, "outputs": outputs})


def plain(value: object) -> object:
    if isinstance(value, tf.RaggedTensor):
        return value.to_list()
    if isinstance(value, tf.SparseTensor):
        return tf.sparse.to_dense(value).numpy().tolist()
    array = value.numpy()
    return [text.decode() for text in array] if array.dtype == object else array.tolist()


def edit(name: str, change) -> None:
    file = FOLDER / name / "saved_model.pb"
    model = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    change(model.meta_graphs[0])
    file.write_bytes(model.SerializeToString(deterministic=True))


def save(name: str, module: object, signatures: list[str], options: tf.saved_model.SaveOptions = OPTIONS) -> None:
    tf.saved_model.save(
        module, str(FOLDER / name), signatures={key: getattr(module, key) for key in signatures}, options=options
    )


def save_v1(name: str, session: object, signatures: dict[str, tuple[dict, dict]], tags: list[str] = ["serve"]) -> None:
    info = v1.saved_model.build_tensor_info
    definitions = {
        key: v1.saved_model.build_signature_def(
            {name: info(tensor) for name, tensor in inputs.items()},
            {name: info(tensor) for name, tensor in outputs.items()},
            "",
        )
        for key, (inputs, outputs) in signatures.items()
    }
    builder = v1.saved_model.Builder(str(FOLDER / name))
    assets = v1.get_collection(v1.GraphKeys.ASSET_FILEPATHS)
    builder.add_meta_graph_and_variables(session, tags, definitions, assets_collection=assets)
    builder.save()


class Composite(keras.Model):
    """Keras 3 writes its variables twice, and no result is dense."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = keras.layers.Dense(2, kernel_initializer=keras.initializers.GlorotUniform(seed=1))

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return self.dense(x)

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
    def ragged(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"rows": tf.RaggedTensor.from_tensor(self.dense(x))}

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
    def sparse(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"places": tf.sparse.from_dense(self.dense(x))}


def composite() -> None:
    x = [[1.0, 2.0, 3.0]]
    for name, options in (("ragged", OPTIONS), ("sparse", OPTIONS), ("ragged_skip_saver", SKIP_SAVER)):
        model = Composite()
        model(tf.zeros([1, 3]))
        signature = name.split("_")[0]
        save(name, model, [signature], options)
        ask(name, signature, x=x)


class State(tf.Module):
    """Every kind of value that the checkpoint has."""

    def __init__(self) -> None:
        super().__init__()
        self.w = tf.Variable(2.0, name="w")
        self.table = tf.lookup.experimental.MutableHashTable(tf.string, tf.float32, -1.0)
        self.table.insert(["a"], [5.0])
        self.dense = tf.lookup.experimental.DenseHashTable(
            tf.int64, tf.float32, -1.0, empty_key=-1, deleted_key=-2, initial_num_buckets=8
        )
        self.dense.insert(tf.constant([3], tf.int64), [6.0])
        self.static = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a"], [7.0]), -1.0)
        self.generator = tf.random.Generator.from_seed(1)

    @tf.function(input_signature=[FLOAT])
    def scale(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"y": x * self.w}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="keys"), tf.TensorSpec([None], tf.int64, name="ids")])
    def find(self, keys: tf.Tensor, ids: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"mutable": self.table.lookup(keys), "dense": self.dense.lookup(ids), "static": self.static.lookup(keys)}

    @tf.function(input_signature=[])
    def draw(self) -> dict[str, tf.Tensor]:
        return {"y": self.generator.uniform([1])}


def skip_saver() -> None:
    save("skip_saver", State(), ["scale", "find", "draw"], SKIP_SAVER)
    ask("skip_saver", "scale", x=3.0)
    ask("skip_saver", "find", keys=["a", "b"], ids=[3, 4])
    ask("skip_saver", "draw")


def mirrored() -> None:
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with strategy.scope():
        module = tf.Module()
        module.w = tf.Variable([2.0, 3.0], name="w")

    @tf.function(input_signature=[tf.TensorSpec([2], tf.float32, name="x")])
    def both(x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"y": strategy.reduce("SUM", strategy.run(lambda x: x * module.w, args=(x,)), axis=None)}

    @tf.function(input_signature=[FLOAT])
    def add(x: tf.Tensor) -> dict[str, tf.Tensor]:
        module.w.assign_add(tf.fill([2], x))
        return {"w": module.w.read_value()}

    module.both, module.add = both, add
    save("mirrored", module, ["both", "add"], EXPAND)
    ask("mirrored", "both", x=[1.0, 10.0])


def graph(body) -> None:
    with tf.Graph().as_default(), v1.Session() as session:
        body(session)


def tables(session: object) -> None:
    """Two tables in a row, of which no operation of the file initialises one: the first is read from an asset."""
    vocabulary = FOLDER / "vocabulary.txt"
    vocabulary.write_text("a\nb\nc\n")
    asset = tf.constant(str(vocabulary), name="vocabulary")
    v1.add_to_collection(v1.GraphKeys.ASSET_FILEPATHS, asset)
    x = v1.placeholder(tf.string, [None], name="x")
    whole, line = v1.lookup.TextFileIndex.WHOLE_LINE, v1.lookup.TextFileIndex.LINE_NUMBER
    file = v1.lookup.TextFileInitializer(asset, tf.string, whole, tf.int64, line)
    numbers = v1.lookup.StaticHashTable(file, -1)
    letters = v1.lookup.KeyValueTensorInitializer(tf.constant([0, 1, 2], tf.int64), ["x", "y", "z"])
    names = v1.lookup.StaticHashTable(letters, "?")
    save_v1("tables", session, {"find": ({"x": x}, {"y": names.lookup(numbers.lookup(x))})})
    # The text of the asset's path is of no interest to anybody.
    edit("tables", lambda meta_graph: forget_path(meta_graph, str(vocabulary)))
    vocabulary.unlink()


def forget_path(meta_graph, path: str) -> None:
    for node in meta_graph.graph_def.node:
        if node.name == "vocabulary":
            node.attr["value"].tensor.string_val[0] = b"vocabulary.txt"


def hub(is_resource: bool):
    """TensorFlow Hub's first format: nothing tells how variables are restored. One is in two parts."""
    name = "hub_resource" if is_resource else "hub_reference"

    def body(session: object) -> None:
        x = v1.placeholder(tf.float32, [None, 4], name="x")
        parts = v1.get_variable(
            "w", [4, 2], initializer=v1.random_uniform_initializer(seed=1),
            partitioner=v1.fixed_size_partitioner(2), use_resource=is_resource,
        )  # fmt: skip
        scale = v1.get_variable("scale", [], initializer=v1.constant_initializer(3.0), use_resource=is_resource)
        y = tf.matmul(x, tf.convert_to_tensor(parts)) * scale
        session.run(v1.global_variables_initializer())
        save_v1(name, session, {"default": ({"x": x}, {"y": y})}, [])
        edit(name, lambda meta_graph: meta_graph.ClearField("saver_def"))

    return body


def local(session: object) -> None:
    """Local variables are in no checkpoint: one that the signature reads, and those of a metric."""
    x = v1.placeholder(tf.float32, [None], name="x")
    w = v1.get_variable("w", initializer=2.0)
    bias = v1.get_local_variable("bias", [], initializer=v1.constant_initializer(10.0))
    v1.metrics.mean(x)
    session.run([v1.global_variables_initializer(), v1.local_variables_initializer()])
    save_v1("local", session, {"predict": ({"x": x}, {"y": w * x + bias})})


def init_signature(session: object) -> None:
    """A signature gives a variable its value; another variable has none at all."""
    x = v1.placeholder(tf.float32, [], name="x")
    w = v1.get_variable("w", initializer=2.0)
    state = v1.Variable(0.0, collections=["mine"], name="state")
    never = v1.Variable(0.0, collections=["mine"], name="never", use_resource=False)
    session.run(w.initializer)
    with tf.control_dependencies([state.assign(x)]):
        done = tf.constant(1.0)
    signatures = {
        "begin": ({"x": x}, {"done": done}),
        "read": ({"x": x}, {"y": state.read_value() * x * w}),
        "never": ({"x": x}, {"y": never * x}),
        "plain": ({"x": x}, {"y": w * x}),
    }
    save_v1("init_signature", session, signatures)


def no_value(session: object) -> None:
    x = v1.placeholder(tf.float32, [], name="x")
    w = v1.get_variable("w", initializer=2.0)
    never = v1.Variable(0.0, collections=["mine"], name="never")
    session.run(w.initializer)
    save_v1("no_value", session, {"predict": ({"x": x}, {"y": x * w * never})})


class Begin(tf.Module):
    """A variable that no object holds, which a function of a function gives its value."""

    def __init__(self) -> None:
        super().__init__()
        self.w = tf.Variable(2.0, name="w")

    @tf.function(input_signature=[FLOAT])
    def begin(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        tf.cond(x > 0, lambda: self.w.assign(x), lambda: self.w.assign(-x))
        return {"done": tf.constant(1.0)}

    @tf.function(input_signature=[FLOAT])
    def read(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"y": self.w * x}


def begin() -> None:
    save("begin", Begin(), ["begin", "read"], SKIP_SAVER)
    # As if it had never been saved.
    for file in (FOLDER / "begin" / "variables").iterdir():
        file.unlink()


def network() -> tf_keras.Model:
    tf_keras.utils.set_random_seed(len(VALUES))
    return tf_keras.Sequential([tf_keras.layers.Dense(2, input_shape=(3,)), tf_keras.layers.Dense(1)])


class Keras2(tf.Module):
    def __init__(self) -> None:
        super().__init__()
        self.network = network()
        self.steps = tf.Variable(7.0, name="steps")

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
    def predict(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"y": self.network(x), "steps": self.steps.read_value()}


def keras2() -> None:
    """The weights of a network alone, for a module that has the network and more."""
    x = [[1.0, -2.0, 0.5]]
    save("keras2", Keras2(), ["predict"])
    ask("keras2", "predict", x=x)
    other = network()
    other.save_weights(str(FOLDER / "keras2-weights"))
    (FOLDER / "checkpoint").unlink()
    VALUES["keras2-weights"] = other(tf.constant(x)).numpy().tolist()


def managed() -> None:
    """A folder as `tf.train.CheckpointManager` writes it, of the test model `regression`."""
    model = Regression()
    manager = tf.train.CheckpointManager(tf.train.Checkpoint(model=model), str(FOLDER / "managed"), max_to_keep=2)
    for value in (1.0, 2.0):
        model.w.assign([[value], [value]])
        model.b.assign(value)
        manager.save()


def parts() -> None:
    """Of the test model `regression`: one without `b` but with more, and one whose `w` has another shape."""
    more = tf.Module()
    more.w, more.other = tf.Variable([[3.0], [4.0]]), tf.Variable(5.0)
    tf.train.Checkpoint(more).write(str(FOLDER / "part"))
    shape = tf.Module()
    shape.w, shape.b = tf.Variable([[3.0], [4.0], [5.0]]), tf.Variable(6.0)
    tf.train.Checkpoint(shape).write(str(FOLDER / "shape"))
    last = tf.Module()
    last._kernel, last.bias = tf.Variable([[3.0], [4.0]]), tf.Variable([5.0])
    # Of the test model `keras3_saved`, one layer.
    tf.train.Checkpoint(last=last).write(str(FOLDER / "layer"))
    two = tf.Module()
    two.a, two.b = tf.Module(), tf.Module()
    two.a.w, two.b.w = tf.Variable([[3.0], [4.0]]), tf.Variable([[5.0], [6.0]])
    tf.train.Checkpoint(two).write(str(FOLDER / "two-parts"))


def traces() -> None:
    """One function, traced twice: the concrete functions have as many tensors, of other shapes."""
    module = tf.Module()

    @tf.function
    def total(rows: tf.RaggedTensor) -> dict[str, tf.Tensor]:
        return {"y": tf.reduce_sum(rows.values, axis=0) * tf.cast(rows.nrows(), tf.float32)}

    module.total = total
    specs = {
        "numbers": tf.RaggedTensorSpec([None, None], tf.float32, ragged_rank=1),
        "pairs": tf.RaggedTensorSpec([None, None, 2], tf.float32, ragged_rank=1),
    }
    concrete = {name: total.get_concrete_function(spec) for name, spec in specs.items()}
    tf.saved_model.save(module, str(FOLDER / "traces"), signatures=concrete, options=OPTIONS)
    model = tf.saved_model.load(str(FOLDER / "traces"))
    rows = {"numbers": [[1.0, 2.0], [3.0]], "pairs": [[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0]]]}
    for name, value in rows.items():
        outputs = {key: plain(tensor) for key, tensor in model.total(tf.ragged.constant(value, ragged_rank=1)).items()}
        VALUES.setdefault("traces", []).append({"signature": name, "inputs": {"rows": value}, "outputs": outputs})


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    composite()
    skip_saver()
    mirrored()
    for body in (tables, hub(False), hub(True), local, init_signature, no_value):
        graph(body)
    ask("tables", "find", x=["a", "c", "q"])
    for name in ("hub_reference", "hub_resource"):
        ask(name, "default", [], x=[[1.0, 2.0, 3.0, 4.0]])
    ask("local", "predict", x=[1.0, 2.0])
    ask("init_signature", "plain", x=3.0)
    begin()
    keras2()
    managed()
    parts()
    traces()
    (FOLDER / "values.json").write_text(json.dumps(VALUES, indent=1) + "\n")


if __name__ == "__main__":
    main()
