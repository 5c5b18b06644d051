"""Which networks draw varied faces? The avatars at 32 × 32 and 64 × 64, from small beginnings.

    python benchmarks/colour.py FOLDER [--sizes 32 64] [--seeds 5] [--steps 1000]

trains on the first 8,000 avatars with the settings of the recipe "colour", but networks of half of
the filters, once for each number of doublings that leaves at least 4 pixels to start from, and
compares 2,000 images with the other 2,000 avatars: Fréchet distance, precision and recall in the
features of a random network. Such features need no labels and have seen no pictures, so they favour
no run; the classifier of digits would be no judge of faces. At 64 × 64 each pixel of an avatar is
drawn as four. FOLDER gets a picture and a line for each run; those that it has are left out. The
table's first lines compare real avatars with real ones.
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import tensorflow as tf
from _common import print_machine, print_table

import dcgan_helpers as dcgan

N = 2000


def random_features(images: np.ndarray) -> np.ndarray:
    """64 numbers for each image: three random convolutions of stride 2, then random directions."""
    random, channels, kernels = np.random.default_rng(0), images.shape[-1], []
    for filters in (32, 64, 128):
        scale = np.sqrt(2 / (25 * channels))
        kernels.append(random.standard_normal((5, 5, channels, filters)).astype(np.float32) * scale)
        channels = filters
    features = []
    for start in range(0, len(images), 500):
        x = dcgan.normalize(images[start : start + 500])
        for kernel in kernels:
            x = tf.nn.leaky_relu(tf.nn.conv2d(x, kernel.astype(np.float32), 2, "SAME"))
        features.append(np.reshape(x, (len(x), -1)))
    found = np.concatenate(features)
    directions = np.random.default_rng(1).standard_normal((found.shape[1], 64))
    return found @ (directions / np.sqrt(found.shape[1])).astype(np.float32)


def measure(images: np.ndarray, doublings: int, seed: int, steps: int, picture: Path) -> dict:
    """Train and compare; what came out, as numbers."""
    seeds = [int(s) for s in np.random.SeedSequence(seed).generate_state(2)]
    dtype = dcgan.DCGAN(recipe="colour", seed=seed).dtype
    sizes = {"image_shape": images.shape[1:], "base_filters": 32, "doublings": doublings}
    gan = dcgan.DCGAN(
        recipe="colour",
        seed=seed,
        generator=dcgan.make_generator_model(**sizes, seed=seeds[0], dtype=dtype),
        discriminator=dcgan.make_discriminator_model(
            **sizes, seed=seeds[1], dropout=0.0, dtype=dtype
        ),
    )
    dcgan.train(gan, images[:-N], steps=steps, frame_every=steps, progress=False)
    fakes = dcgan.denormalize(gan.generate(dcgan.sample_noise(N, seed=123)))
    iio.imwrite(picture, dcgan.image_grid(fakes[:32], columns=8))
    return compare(images[-N:], fakes)


def compare(real_images: np.ndarray, images: np.ndarray) -> dict[str, float]:
    real, found = random_features(real_images), random_features(images)
    distance = dcgan.frechet_distance(real, found)
    return {"distance": distance, **dcgan.precision_recall(real, found)._asdict()}


def avatars(side: int) -> np.ndarray:
    scale = side // 32
    return dcgan.load_avatars().repeat(scale, axis=1).repeat(scale, axis=2)


def table(rows: list[dict], sizes: list[int]) -> list[list[object]]:
    """Of real avatars, then of each network: how many seeds, and the median and range of each."""
    found = {}
    for side in sizes:
        images = avatars(side)
        found[side, ""] = [compare(images[-N:], images[:N]) | {"steps": ""}]
    for row in sorted(rows, key=lambda row: (row["side"], row["doublings"])):
        start = row["side"] // 2 ** row["doublings"]
        found.setdefault((row["side"], f"{start} × {start}", row["steps"]), []).append(row)
    lines = []
    for (side, start, *_), some in found.items():
        cells = [f"{side} × {side}", start or "(real)", some[0]["steps"], len(some)]
        for name in ("distance", "precision", "recall"):
            values = sorted(row[name] for row in some)
            limits = f" ({values[0]:.2f} to {values[-1]:.2f})" if len(some) > 1 else ""
            cells.append(f"{statistics.median(values):.2f}{limits}")
        lines.append(cells)
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", choices=(32, 64), default=[32, 64])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=1000)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    log = options.folder / "rows.jsonl"
    rows = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    for seed in range(options.seeds):
        for side in options.sizes:
            for doublings in range(2, int(np.log2(side // 4)) + 1):
                run = {"side": side, "doublings": doublings, "seed": seed, "steps": options.steps}
                if any(run.items() <= row.items() for row in rows):
                    continue
                picture = options.folder / f"{side}-{doublings}-{seed}-{options.steps}.png"
                rows.append(run | measure(avatars(side), doublings, seed, options.steps, picture))
                with log.open("a") as file:
                    file.write(json.dumps(rows[-1]) + "\n")
                print(rows[-1], flush=True)
    print_machine()
    header = ["images", "start", "steps", "seeds", "distance", "precision", "recall"]
    print_table(header, table(rows, sorted({row["side"] for row in rows})))


if __name__ == "__main__":
    main()
