"""The compiled step on a machine that has JAX and a GPU, but no TensorFlow: the same XLA program.

    python benchmarks/step_on_gpu.py export FOLDER   # where TensorFlow is: writes the programs
    python benchmarks/step_on_gpu.py run FOLDER      # where JAX is: compiles and times them

What is run is the very program that `make_train_step(gan, jit_compile=True)` compiles, for each
dtype, with the weights that it was exported with; each step goes on from the weights of the last.
With JAX 0.11.2 this runs on a CPU, but that version's GPU client does not take the program (it
knows no operation `mhlo.copy`); `step_in_jax.py` does run there.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

import numpy as np
from _xla_program import Program, put
from _xla_program import export as export_step

DTYPES = ("float32", "mixed_float16", "mixed_bfloat16")
BATCH_SIZES = (256, 1024)
ROUNDS, STEPS = 10, 20


def export(folder: Path) -> None:
    import dcgan_helpers as dcgan

    for dtype in DTYPES:
        gan = dcgan.DCGAN(dtype=dtype)
        variables = {name: variable.numpy() for name, variable in gan.variables().items()}
        np.savez_compressed(folder / f"{dtype}.npz", **variables)
        for batch_size in BATCH_SIZES:
            export_step(gan, batch_size, folder / f"{dtype}-{batch_size}")
            print(dtype, batch_size)


def run(folder: Path) -> None:
    import jax

    jax.config.update("jax_enable_x64", True)  # the step's counter is int64
    print(f"{jax.devices()[0].device_kind}, JAX {jax.__version__}\n")
    print("| dtype, batch | ms a step, fastest | median | images/s |\n| --- | --- | --- | --- |")
    for file in sorted(folder.glob("*.hlo")):
        program = Program(file)
        with np.load(folder / f"{file.stem.rsplit('-', 1)[0]}.npz") as arrays:
            state = put({name: arrays[name] for name in arrays.files})
        shape = (program.batch_size, 28, 28, 1)
        noise = np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)
        images, times = jax.device_put(noise, jax.devices()[0]), []
        for _ in range(ROUNDS + 1):
            start = time.perf_counter()
            for _ in range(STEPS):
                losses = program.step(state, images)
            values = [float(loss) for loss in losses]
            times.append((time.perf_counter() - start) / STEPS)
        assert np.isfinite(values).all(), values
        best = min(times[1:])
        print(
            f"| {file.stem} | {1e3 * best:.2f} | {1e3 * statistics.median(times[1:]):.2f} "
            f"| {program.batch_size / best:,.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("export", "run"):
        sys.exit(__doc__)
    target = Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    export(target) if sys.argv[1] == "export" else run(target)
