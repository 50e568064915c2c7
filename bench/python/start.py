"""`start.py MODEL`: imports TensorFlow, loads a model and calls its `pred` once; prints the milliseconds of each as JSON."""

import json
import sys
from time import perf_counter

start = perf_counter()
import tensorflow as tf  # noqa: E402

imported = perf_counter()
function = tf.saved_model.load(sys.argv[1]).signatures["pred"]
loaded = perf_counter()


def resident_bytes() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


loaded_bytes = resident_bytes()
before = perf_counter()
function(inputs=tf.constant([[1.0, 1.0]]))["output"].numpy()
called = perf_counter()
print(
    json.dumps(
        {
            "importMs": (imported - start) * 1e3,
            "loadMs": (loaded - imported) * 1e3,
            "firstCallMs": (called - before) * 1e3,
            "loadedRssBytes": loaded_bytes,
            "rssBytes": resident_bytes(),
        }
    )
)
