"""Writes saving/, the models of the tests of saving.

    python saving.py

Needs the packages of ../../../../models/requirements.txt. `values.json` has what TensorFlow answers after loading them.
"""

import json
import os
import shutil
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "models"))

import keras  # noqa: E402  (TensorFlow reads its log level when it is imported)
import tensorflow as tf  # noqa: E402

from authoring.saving import OPTIONS  # noqa: E402

v1 = tf.compat.v1
FOLDER = HERE / "saving"


class Version(tf.Module):
    """Tells its version three times: by its graph, by its variable and by its asset."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
        self.weight = tf.Variable(number, dtype=tf.int32, name="weight")
        file = FOLDER / "names.txt"
        file.write_text({1: "one", 2: "two"}[number] + "\n")
        initializer = tf.lookup.TextFileInitializer(
            str(file), tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER
        )
        self.names = tf.lookup.StaticHashTable(initializer, default_value=-1)

    @tf.function(input_signature=[])
    def version(self) -> dict[str, tf.Tensor]:
        is_one = self.names.lookup(tf.constant("one")) == 0
        return {"graph": tf.constant(self.number), "weight": self.weight.read_value(), "asset": tf.where(is_one, 1, 2)}


def write_versions() -> None:
    for number, name in ((1, "one"), (2, "two")):
        model = Version(number)
        tf.saved_model.save(model, str(FOLDER / name), signatures={"version": model.version}, options=OPTIONS)
    (FOLDER / "names.txt").unlink()


def write_tag_sets() -> None:
    """Two meta graphs share the variable `w`; the others are of one of them alone."""
    builder = v1.saved_model.Builder(str(FOLDER / "tag_sets"))
    for tags in (["train"], ["serve"]):
        with tf.Graph().as_default(), v1.Session() as session:
            w = v1.get_variable("w", initializer=tf.constant([1.0, 2.0]), use_resource=True)
            outputs = {"w": w.read_value()}
            updates = [w.assign_add([1.0, 1.0])]
            if tags == ["train"]:
                steps = v1.get_variable("steps", initializer=tf.constant(7, tf.int64), use_resource=False)
                label = v1.get_variable("label", initializer=tf.constant(["a", "bc"]), use_resource=True)
                parts = v1.get_variable(
                    "parts",
                    initializer=tf.reshape(tf.range(8, dtype=tf.float32), [4, 2]),
                    partitioner=v1.fixed_size_partitioner(2),
                    use_resource=True,
                )
                outputs |= {"steps": tf.identity(steps), "label": label.read_value(), "parts": tf.convert_to_tensor(parts)}
                updates += [steps.assign_add(1), *(part.assign_add(tf.ones_like(part)) for part in parts)]
            with tf.control_dependencies(updates):
                done = tf.constant(True)
            session.run(v1.global_variables_initializer())
            signatures = {
                name: v1.saved_model.build_signature_def(
                    {}, {key: v1.saved_model.build_tensor_info(value) for key, value in values.items()}, "predict"
                )
                for name, values in (("values", outputs), ("step", {"done": done}))
            }
            if tags == ["train"]:
                builder.add_meta_graph_and_variables(session, tags, signatures)
            else:
                builder.add_meta_graph(tags, signatures)
    builder.save()


class Tracked(keras.Model):
    """A Keras 3 model whose weights an ExportArchive writes twice, as it tracks them."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = keras.layers.Dense(1, kernel_initializer="ones")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return self.dense(x)


def write_tracked() -> dict[str, object]:
    """An archive, a checkpoint of it with other weights, and what the signature answers before and with these."""
    model = Tracked()
    model(tf.zeros([1, 2]))
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serve", model.call, [tf.TensorSpec([None, 2], tf.float32, name="x")])
    archive.write_out(str(FOLDER / "tracked"), options=OPTIONS, verbose=False)
    loaded = tf.saved_model.load(str(FOLDER / "tracked"))
    kernel, bias = loaded.variables
    kernel.assign([[3.0], [5.0]])
    bias.assign([7.0])
    tf.train.Checkpoint(loaded).write(str(FOLDER / "tracked-weights"))
    restored = tf.saved_model.load(str(FOLDER / "tracked"))
    x = tf.constant([[1.0, 10.0]])
    before = restored.serve(x).numpy().tolist()
    tf.train.Checkpoint(restored).read(str(FOLDER / "tracked-weights")).assert_consumed()
    return {"before": before, "after": restored.serve(x).numpy().tolist()}


def tag_set_values(tags: str) -> dict[str, object]:
    with tf.Graph().as_default(), v1.Session() as session:
        meta_graph = v1.saved_model.load(session, [tags], str(FOLDER / "tag_sets"))
        signatures = meta_graph.signature_def

        def run(name: str) -> dict[str, object]:
            found = session.run({key: info.name for key, info in signatures[name].outputs.items()})
            return {key: value.tolist() for key, value in found.items()}

        before = run("values")
        run("step")
        after = run("values")
    text = lambda values: {  # noqa: E731
        key: [item.decode() for item in value] if key == "label" else value for key, value in values.items()
    }
    return {"before": text(before), "after": text(after)}


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    write_versions()
    write_tag_sets()
    values = {"tracked": write_tracked(), "serve": tag_set_values("serve"), "train": tag_set_values("train")}
    tf.io.write_file(str(FOLDER / "values.json"), json.dumps(values, indent=1) + "\n")


if __name__ == "__main__":
    main()
