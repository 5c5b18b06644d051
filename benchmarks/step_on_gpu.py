"""The training step on a GPU, by batch size: the library's, the tutorial's, and PyTorch's.

    python benchmarks/step_on_gpu.py                 # all, a process for each side
    python benchmarks/step_on_gpu.py library 16 256  # one side (or pytorch), these batches: as JSON
    python benchmarks/step_on_gpu.py table FILE      # such lines, as a table

All train the two networks of the tutorial with its settings on a batch that lies on the GPU. Steps
are not waited for one by one, as in training: a round is as many steps as fit into `SECONDS`, and
ends when the last loss is there. FLOP are counted densely, as in `train_step.py`. The least time of
the rounds is given, and the share of the speed of a large matrix product in the same numbers.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

BATCH_SIZES = (256, 16, 2048, 64, 1024)  # the most telling first
SECONDS, ROUNDS = 0.2, 5
MATRIX_SIZE = 8192
_Step = Callable[[], Any]


def fastest(make: Callable[[], _Step]) -> tuple[float, float]:
    """Seconds until the first step is done, and of one of many later ones."""
    begin = time.perf_counter()
    step = make()
    float(step())
    first = time.perf_counter() - begin
    steps, seconds = 4, []
    while len(seconds) < ROUNDS + 1:
        begin = time.perf_counter()
        for _ in range(steps - 1):
            step()
        float(step())
        seconds.append((time.perf_counter() - begin) / steps)
        steps = max(steps, min(round(SECONDS / seconds[-1]), 2000))
    return first, min(seconds[1:])


def library(batch: np.ndarray) -> Iterator[tuple[str, str, Callable[[], _Step]]]:
    """The library's step and the tutorial's: (name, dtype, what makes it)."""
    import tensorflow as tf
    from train_step import tutorial_step

    import dcgan_helpers as dcgan

    images = tf.constant(batch)

    def ours(dtype: str, jit_compile: bool) -> _Step:
        step = dcgan.make_train_step(dcgan.DCGAN(dtype=dtype), jit_compile=jit_compile).function
        return lambda: step(images)["generator_loss"]

    yield "TensorFlow tutorial", "float32", lambda: tutorial_step(images)
    for dtype in ("float32", "bfloat16"):
        policy = dtype if dtype == "float32" else f"mixed_{dtype}"
        yield "ours, without XLA", dtype, lambda policy=policy: ours(policy, False)
        yield "ours, XLA", dtype, lambda policy=policy: ours(policy, True)


def pytorch(batch: np.ndarray) -> Iterator[tuple[str, str, Callable[[], _Step]]]:
    """PyTorch's step, in every way that might be the fastest."""
    import torch
    from _torch_step import as_batch, captured, make_step

    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True  # as TensorFlow
    torch.backends.cudnn.benchmark = True
    images = as_batch(batch)
    for bfloat16 in (False, True):
        dtype = "bfloat16" if bfloat16 else "float32"
        for name, options in {
            "eager": {}, "channels_last": {"channels_last": True},
            "torch.compile, channels_last": {"channels_last": True, "compiled": True},
        }.items():  # fmt: skip

            def make(bfloat16: bool = bfloat16, options: dict[str, bool] = options) -> _Step:
                torch._dynamo.reset()  # else it gives up after eight batch sizes and networks
                return make_step(images, bfloat16=bfloat16, **options)

            yield f"PyTorch, {name}", dtype, make
            yield f"PyTorch, {name}, CUDA graph", dtype, lambda make=make: captured(make())


def peaks() -> Iterator[tuple[str, float]]:
    """FLOP a second of a large product of matrices."""
    import tensorflow as tf

    for dtype in ("float32", "bfloat16"):
        a, b = (tf.cast(tf.random.normal((MATRIX_SIZE,) * 2), dtype) for _ in range(2))
        product = tf.function(lambda a=a, b=b: (a @ b)[0, 0])
        yield dtype, 2 * MATRIX_SIZE**3 / fastest(lambda product=product: product)[1]


def measure(side: str, batch_sizes: list[int]) -> None:
    """Print a JSON object for each measurement."""
    if side == "library":
        for dtype, speed in peaks():
            print(json.dumps({"peak": dtype, "flop": speed}), flush=True)
    for batch_size in batch_sizes:
        noise = np.random.default_rng(0).uniform(-1, 1, (batch_size, 28, 28, 1))
        for name, dtype, make in SIDES[side](noise.astype(np.float32)):
            row: dict[str, Any] = {"step": name, "dtype": dtype, "batch": batch_size}
            try:
                row["first"], row["seconds"] = fastest(make)
            except Exception as error:  # what a peer cannot do is a result, too
                row["error"] = f"{type(error).__name__}: {error}"[:300]
            print(json.dumps(row), flush=True)


def print_rows(rows: list[dict[str, Any]]) -> None:
    """Print the measurements as a table, with a column for each batch size."""
    from _common import print_table
    from train_step import flop_of_an_image

    peak = {row["peak"]: row["flop"] for row in rows if "peak" in row}
    print(", ".join(f"{flop / 1e12:.0f} TFLOP/s in {dtype}" for dtype, flop in peak.items()), "\n")
    steps = [row for row in rows if "step" in row]
    sizes = sorted({row["batch"] for row in steps})
    cells: dict[tuple[str, str], dict[int, str]] = {}
    for row in steps:
        cell = row.get("error", "")
        if "seconds" in row:
            speed = row["batch"] / row["seconds"]
            share = speed * flop_of_an_image() / peak[row["dtype"]]
            first = f", {row['first']:.1f} s" if "first" in row else ""
            cell = f"{speed:,.0f} ({share:.1%}{first})"
        cells.setdefault((row["step"], row["dtype"]), {})[row["batch"]] = cell
    table = [(*name, *(found.get(n, "") for n in sizes)) for name, found in cells.items()]
    print_table(["step", "dtype", *map(str, sizes)], table)


def run_both() -> Iterator[str]:
    """The lines that both sides print."""
    for side in SIDES:
        command = [sys.executable, __file__, side, *map(str, BATCH_SIZES)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            yield from process.stdout


SIDES = {"library": library, "pytorch": pytorch}
if __name__ == "__main__":
    if sys.argv[1:2] == ["table"]:
        from _common import read_rows

        print_rows(read_rows(Path(sys.argv[2])))
    elif len(sys.argv) > 1:
        measure(sys.argv[1], [int(size) for size in sys.argv[2:]])
    else:
        from _common import print_machine

        print_machine()
        print_rows([json.loads(line) for line in run_both()])
