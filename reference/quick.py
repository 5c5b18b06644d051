"""The long run of the quick recipe's step: train it where there is a GPU, measure and ship it.

    python reference/quick.py train FOLDER     # where JAX is; TensorFlow is not needed
    python reference/quick.py publish FOLDER   # where this package is

Batches of 64, R1 with a weight of 0.1, learning rates of 1e-3 and 5e-4 that fall linearly to zero
over 48,000 steps (51 epochs), bfloat16, seed 0. The step is that of `benchmarks/step_in_jax.py`,
which compares itself with the library's. `publish` writes `quick.json` beside this script, and
`dcgan_helpers/files/quick_run.npz`: the averaged weights of the generator and the discriminator's.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "benchmarks"))

STEPS, BATCH_SIZE, SEED = 48_000, 64, 0


def train(folder: Path) -> None:
    """Train, and keep the last weights: averaged ones of the generator, the discriminator's own."""
    import jax
    import step_in_jax as gpu

    start = time.time()
    settings = {**gpu.QUICK, "r1_gamma": 0.1, "falling_from": 0.0}
    state = gpu.train(settings, SEED, BATCH_SIZE, STEPS, gpu.load_images())
    networks = {
        "generator": [state.average[name] for name in gpu.GENERATOR],
        "discriminator": [state.discriminator[name] for name in gpu.DISCRIMINATOR],
    }
    arrays = {f"{k}/{i}": np.asarray(w) for k, ws in networks.items() for i, w in enumerate(ws)}
    np.savez(folder / "quick.npz", **arrays)
    print(f"{STEPS} steps in {time.time() - start:.0f} s on {jax.devices()[0].device_kind}")


def publish(folder: Path) -> None:
    """Measure the generator as trained and as shipped, and write what is shipped."""
    from results import FILES, write, write_arrays

    import dcgan_helpers as dcgan
    from dcgan_helpers.ema import EMA

    with np.load(folder / "quick.npz") as file:
        weights = {name: file[name] for name in file.files}
    trained = dcgan.make_generator_model(seed=0, dtype="float32")
    ema = EMA(trained, gamma=1.0)  # of any gamma: the averages are there already
    for i, average in enumerate(ema.weights):
        average.assign(weights[f"generator/{i}"])
    generator = ema.generator(STEPS, dcgan.sample_noise(1000, SEED))
    arrays = {}
    for i, weight in enumerate(generator.get_weights()):
        arrays |= packed(f"generator/{i}", weight)
    for name, weight in weights.items():
        if name.startswith("discriminator/"):
            arrays[name] = weight.astype(np.float16)
    write_arrays(FILES / "quick_run.npz", arrays)
    metrics = {
        name: dataclasses.asdict(dcgan.evaluate(model))
        for name, model in {
            "trained": generator,
            "shipped": dcgan.load_reference_generator("quick"),
        }.items()
    }
    write(HERE / "quick.json", (json.dumps(metrics, indent=1) + "\n").encode())


def packed(name: str, weight: np.ndarray) -> dict[str, np.ndarray]:
    """A kernel in 8 bits, with a scale for each filter; anything else in 16."""
    if weight.ndim == 1:
        return {name: weight.astype(np.float16)}
    filters = weight.ndim - 1 if weight.ndim == 2 else 2  # Conv2DTranspose: (k, k, filters, n)
    others = tuple(axis for axis in range(weight.ndim) if axis != filters)
    scale = np.abs(weight).max(axis=others, keepdims=True) / 127
    return {
        name: np.rint(weight / scale).astype(np.int8),
        f"{name}/scale": scale.astype(np.float32),
    }


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("train", "publish"):
        sys.exit(__doc__)
    target = Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    {"train": train, "publish": publish}[sys.argv[1]](target)
