"""Which networks draw varied faces, and of how many pictures? Avatars at 32 × 32 and 64 × 64.

    python benchmarks/colour.py FOLDER [--sizes 32 64] [--doublings 2 3 4] [--pictures 8000]
        [--seeds 5] [--steps 1000]

trains on the first 8,000 avatars, or as many as are asked for, with the settings of the recipe
"colour", but networks of half of the filters, once for each number of doublings that leaves at
least 4 pixels to start from, and compares 2,000 images with the last 2,000 avatars: Fréchet
distance, precision and recall in the features of a random network. Such features need no labels and
have seen no pictures, so they favour no run; the classifier of digits would be no judge of faces.
"Copies" is the fraction of images whose nearest picture was trained on, of so many trained on and
as many unseen: 0.5 of a GAN that learned nothing by heart, 1 of one that copies. At 64 × 64 each
pixel of an avatar is drawn as four. FOLDER gets a picture and a line for each run; those that it
has are left out. The table's first lines compare real avatars with real ones.
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import tensorflow as tf
from _common import append_row, median_and_range, print_machine, print_table, read_rows

import dcgan_helpers as dcgan
from dcgan_helpers._rows import squared_distances

N = 2000
MEASURES = ("distance", "precision", "recall", "copies")


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


def measure(images: np.ndarray, run: dict[str, int], picture: Path) -> dict[str, float]:
    """Train and compare; what came out, as numbers."""
    seed, steps = run["seed"], run["steps"]
    seeds = [int(s) for s in np.random.SeedSequence(seed).generate_state(2)]
    dtype = dcgan.DCGAN(recipe="colour", seed=seed).dtype
    sizes = {"image_shape": images.shape[1:], "base_filters": 32, "doublings": run["doublings"]}
    gan = dcgan.DCGAN(
        recipe="colour",
        seed=seed,
        generator=dcgan.make_generator_model(**sizes, seed=seeds[0], dtype=dtype),
        discriminator=dcgan.make_discriminator_model(
            **sizes, seed=seeds[1], dropout=0.0, dtype=dtype
        ),
    )
    trained_on = images[: run["pictures"]]
    dcgan.train(gan, trained_on, steps=steps, frame_every=steps, progress=False)
    fakes = dcgan.denormalize(gan.generate(dcgan.sample_noise(N, seed=123)))
    iio.imwrite(picture, dcgan.image_grid(fakes[:32], columns=8))
    return compare(trained_on, images[-N:], fakes)


def compare(trained_on: np.ndarray, unseen: np.ndarray, images: np.ndarray) -> dict[str, float]:
    seen, real, found = map(random_features, (trained_on[: len(unseen)], unseen, images))
    nearest = [squared_distances(found, some[: len(seen)]).min(axis=1) for some in (seen, real)]
    return {
        "distance": dcgan.frechet_distance(real, found),
        **dcgan.precision_recall(real, found)._asdict(),
        "copies": float(np.mean(nearest[0] < nearest[1])),
    }


def avatars(side: int) -> np.ndarray:
    scale = side // 32
    return dcgan.load_avatars().repeat(scale, axis=1).repeat(scale, axis=2)


def table(rows: list[dict], sizes: list[int]) -> list[list[object]]:
    """Of real avatars, then of each network: how many seeds, and the median and range of each."""
    found = {}
    for side in sizes:
        images = avatars(side)
        found[side, 0, 0, 0] = [compare(images[:N], images[-N:], images[N : 2 * N])]
    for row in rows:
        key = tuple(row[name] for name in ("side", "doublings", "pictures", "steps"))
        found.setdefault(key, []).append(row)
    lines = []
    for (side, doublings, *numbers), some in sorted(found.items()):
        start = side // 2**doublings
        cells = [f"{side} × {side}", f"{start} × {start}" if doublings else "(real)"]
        cells += [*(number or "" for number in numbers), len(some)]
        for name in MEASURES:
            cells.append(median_and_range([row[name] for row in some], 2))
        lines.append(cells)
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", choices=(32, 64), default=[32, 64])
    parser.add_argument("--doublings", type=int, nargs="+", choices=(2, 3, 4), default=[2, 3, 4])
    parser.add_argument("--pictures", type=int, nargs="+", default=[8000])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=1000)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    log = options.folder / "rows.jsonl"
    rows = read_rows(log)
    asked = (range(options.seeds), options.sizes, options.doublings, options.pictures)
    for seed, side, doublings, pictures in itertools.product(*asked):
        run = {"side": side, "doublings": doublings, "pictures": pictures}
        run |= {"seed": seed, "steps": options.steps}
        if side < 4 * 2**doublings or any(run.items() <= row.items() for row in rows):
            continue
        picture = options.folder / f"{'-'.join(map(str, run.values()))}.png"
        rows.append(run | measure(avatars(side), run, picture))
        append_row(log, rows[-1])
        print(rows[-1], flush=True)
    print_machine()
    header = ["images", "start", "pictures", "steps", "seeds", *MEASURES]
    print_table(header, table(rows, sorted({row["side"] for row in rows})))


if __name__ == "__main__":
    main()
