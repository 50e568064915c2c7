"""Writes config.golden.json: the bytes that Python makes of the options of `load`.

    python config.py

Each case has the options in the form that `load` takes, and beside them what they mean in TensorFlow's own messages.
"""

import json
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf  # noqa: E402  (TensorFlow reads its log level when it is imported)
from tensorflow.core.protobuf import rewriter_config_pb2  # noqa: E402

ConfigProto = tf.compat.v1.ConfigProto
GPUOptions = tf.compat.v1.GPUOptions
RunOptions = tf.compat.v1.RunOptions
CALLER = RunOptions(inter_op_thread_pool=-1)

COMPILED = tf.compat.v1.GraphOptions(
    optimizer_options=tf.compat.v1.OptimizerOptions(global_jit_level=1, cpu_global_jit=True)
)

APART = tf.compat.v1.GraphOptions(
    rewrite_options=rewriter_config_pb2.RewriterConfig(remapping=rewriter_config_pb2.RewriterConfig.OFF)
)

CASES = [
    ({}, ConfigProto(), CALLER),
    ({"intraOpThreads": 3}, ConfigProto(intra_op_parallelism_threads=3), CALLER),
    (
        {"interOpThreads": 200},
        ConfigProto(inter_op_parallelism_threads=200, use_per_session_threads=True),
        RunOptions(),
    ),
    ({"scheduling": "pool"}, ConfigProto(), RunOptions()),
    ({"scheduling": "caller"}, ConfigProto(), CALLER),
    (
        {"scheduling": "single-threaded"},
        ConfigProto(experimental=ConfigProto.Experimental(executor_type="SINGLE_THREADED_EXECUTOR")),
        CALLER,
    ),
    ({"gpu": False}, ConfigProto(device_count={"GPU": 0}), CALLER),
    ({"gpu": True}, ConfigProto(), CALLER),
    ({"gpu": {}}, ConfigProto(gpu_options=GPUOptions()), CALLER),
    ({"gpu": {"visibleDevices": [1, 0]}}, ConfigProto(gpu_options=GPUOptions(visible_device_list="1,0")), CALLER),
    ({"gpu": {"visibleDevices": "2"}}, ConfigProto(gpu_options=GPUOptions(visible_device_list="2")), CALLER),
    (
        {"gpu": {"memoryFraction": 0.3, "allowGrowth": True, "visibleDevices": "0"}},
        ConfigProto(
            gpu_options=GPUOptions(per_process_gpu_memory_fraction=0.3, allow_growth=True, visible_device_list="0")
        ),
        CALLER,
    ),
    ({"xla": True}, ConfigProto(graph_options=COMPILED), CALLER),
    ({"xla": False}, ConfigProto(), CALLER),
    ({"fuse": False}, ConfigProto(graph_options=APART), CALLER),
    ({"fuse": True}, ConfigProto(), CALLER),
    (
        {"intraOpThreads": 1, "interOpThreads": 2, "gpu": False, "xla": True, "scheduling": "pool"},
        ConfigProto(
            device_count={"GPU": 0},
            intra_op_parallelism_threads=1,
            inter_op_parallelism_threads=2,
            use_per_session_threads=True,
            graph_options=COMPILED,
        ),
        RunOptions(),
    ),
]


def golden(options, config, run_options):
    # What the runtime always asks for.
    config.allow_soft_placement = True
    return {
        "options": options,
        "config": config.SerializeToString(deterministic=True).hex(),
        "runOptions": run_options.SerializeToString(deterministic=True).hex(),
    }


def main():
    cases = ",\n  ".join(json.dumps(golden(*case)) for case in CASES)
    Path(__file__).with_name("config.golden.json").write_text(f"[\n  {cases}\n]\n")


if __name__ == "__main__":
    main()
