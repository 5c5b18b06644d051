"""What decides the bits of a run besides its settings."""

from __future__ import annotations

import os

import keras
import numpy as np
import tensorflow as tf

from ._devices import processor_flags

# Each rounds differently from the next: TensorFlow takes the best that the processor has.
_INSTRUCTIONS = ("amx_fp16", "amx_bf16", "avx512_fp16", "avx512_bf16", "avx512f", "avx2", "avx")
_SWITCHES = ("ONEDNN_MAX_CPU_ISA", "TF_ENABLE_ONEDNN_OPTS", "TF_DETERMINISTIC_OPS")


def describe_environment() -> dict[str, str]:
    """Versions, devices, threads and instructions, by name."""
    flags = processor_flags()
    gpus = [
        tf.config.experimental.get_device_details(gpu).get("device_name", "GPU")
        for gpu in tf.config.list_physical_devices("GPU")
    ]
    return {
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
        "device": ", ".join(gpus) or "CPU",
        "instructions": " ".join(name for name in _INSTRUCTIONS if name in flags),
        "threads": str(tf.config.threading.get_intra_op_parallelism_threads() or _cores()),
        **{name: os.environ[name] for name in _SWITCHES if name in os.environ},
    }


def _cores() -> int | None:
    """The processor's cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()
