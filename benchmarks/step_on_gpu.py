"""The compiled step on a machine that has JAX and a GPU, but no TensorFlow: the same XLA program.

    python benchmarks/step_on_gpu.py export FOLDER   # where TensorFlow is: writes the programs
    python benchmarks/step_on_gpu.py run FOLDER      # where JAX is: compiles and times them

What is run is the very program that `make_train_step(gan, jit_compile=True)` compiles, for each
dtype, with the weights that it was exported with; each step goes on from the weights of the last.
"""

from __future__ import annotations

import re
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

DTYPES = ("float32", "mixed_float16", "mixed_bfloat16")
BATCH_SIZES = (256, 1024)
ROUNDS, STEPS = 10, 20


def export(folder: Path) -> None:
    import tensorflow as tf

    import dcgan_helpers as dcgan

    for dtype in DTYPES:
        for batch_size in BATCH_SIZES:
            gan = dcgan.DCGAN(dtype=dtype)
            step = dcgan.make_train_step(gan, jit_compile=True).function
            images = tf.constant(dcgan.normalize(dcgan.load_mnist().train_images[:batch_size]))
            ir = step.experimental_get_compiler_ir(images)
            name = folder / f"{dtype}-{batch_size}"
            name.with_suffix(".hlo").write_bytes(ir(stage="hlo_serialized"))
            # Which output takes the place of which argument in the next step: {2}: (1, {}, ...
            pairs = re.findall(r"\{(\d+)\}: \((\d+), \{\}", ir(stage="hlo").split("\n", 1)[0])
            captured = step.get_concrete_function(images).captured_inputs
            values = [images, *(_value(tf, gan, tensor) for tensor in captured)]
            np.savez(
                name.with_suffix(".npz"),
                aliases=np.array(pairs, int).reshape(-1, 2),
                **{str(i): np.asarray(value) for i, value in enumerate(values)},
            )
            print(name.name)


def _value(tf: Any, gan: Any, tensor: Any) -> np.ndarray:
    """What a captured tensor holds; of a variable it is the handle."""
    if tensor.dtype != tf.resource:
        return tensor.numpy()
    dtype = tensor._handle_data.shape_and_type[0].dtype
    return tf.raw_ops.ReadVariableOp(resource=tensor, dtype=tf.as_dtype(dtype)).numpy()


def run(folder: Path) -> None:
    import jax
    from jax._src.lib import xla_client

    jax.config.update("jax_enable_x64", True)  # the step's counter is int64
    device = jax.devices()[0]
    print(f"{device.device_kind}, JAX {jax.__version__}\n")
    print("| dtype, batch | ms a step, fastest | median | images/s |\n| --- | --- | --- | --- |")
    for file in sorted(folder.glob("*.hlo")):
        program = xla_client._xla.mlir.hlo_to_stablehlo(file.read_bytes())
        options = xla_client.CompileOptions()
        executable = device.client.compile_and_load(program, [device], options)
        with np.load(file.with_suffix(".npz")) as arrays:
            aliases = arrays["aliases"]
            values = [arrays[str(i)] for i in range(len(arrays.files) - 1)]
        arguments = [jax.device_put(value, device) for value in values]
        times = []
        for _ in range(ROUNDS + 1):
            start = time.perf_counter()
            for _ in range(STEPS):
                outputs = executable.execute(arguments)
                for output, argument in aliases:
                    arguments[argument] = outputs[output]
            losses = [float(output) for output in outputs[:2]]
            times.append((time.perf_counter() - start) / STEPS)
        assert np.isfinite(losses).all(), losses
        best, batch_size = min(times[1:]), len(values[0])
        print(
            f"| {file.stem} | {1e3 * best:.2f} | {1e3 * statistics.median(times[1:]):.2f} "
            f"| {batch_size / best:,.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("export", "run"):
        sys.exit(__doc__)
    target = Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    export(target) if sys.argv[1] == "export" else run(target)
