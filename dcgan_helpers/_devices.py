"""What this machine computes with."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf


def has_gpu() -> bool:
    """Whether TensorFlow sees a GPU."""
    return bool(tf.config.list_physical_devices("GPU"))


def fast_dtype() -> str:
    """The Keras dtype policy that is fastest here: bfloat16, unless it would be emulated."""
    return "mixed_bfloat16" if _multiplies_in_bfloat16() else "float32"


def _multiplies_in_bfloat16() -> bool:
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        details = tf.config.experimental.get_device_details(gpus[0])
        return bool(details.get("compute_capability", (0, 0)) >= (8, 0))
    return bool({"avx512_bf16", "amx_bf16"} & processor_flags())


def processor_flags() -> set[str]:
    """The instruction sets of the processor, by Linux's names; empty on other systems."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return set()
    return {flag for line in lines if line.startswith("flags") for flag in line.split()}
