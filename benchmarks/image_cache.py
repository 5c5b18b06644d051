"""How fast is the cache of an image folder, and how much memory does it take?

    python benchmarks/image_cache.py FOLDER [--pictures 10000 50000 200000]

FOLDER is for what the script makes: a folder of JPEG files as large as those of CelebA, 178 × 218
pixels, synthetic but of the same number of bytes or so, which are linked under other names to make
more of them. Each row is measured in a process of its own: the first pass, in which every picture
is decoded into 64 × 64 × 3; a second call, which compares the checksums; the batches of training,
read from the map in the order of a run; and the first batch after resuming in the middle of an
epoch. Memory is what the process itself takes (anonymous; Linux), less what it had before; the
pages of the file that the system keeps in memory are given back whenever something needs them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
from _common import print_machine, print_table
from PIL import Image

import dcgan_helpers as dcgan
from dcgan_helpers.data import endless_batches

DIFFERENT = 2000  # pictures; the others are links to them
SIZE, BATCH = (64, 64), 64


def make_pictures(folder: Path, n: int) -> None:
    """Smooth colours with a little noise: about 9 kB as JPEG, as a face of CelebA has."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    have = len(os.listdir(folder))
    for i in range(have, n):
        file = folder / f"{i:06}.jpg"
        if i >= DIFFERENT:
            os.link(folder / f"{i % DIFFERENT:06}.jpg", file)
            continue
        coarse = random.integers(0, 256, (7, 6, 3), dtype=np.uint8)
        smooth = np.asarray(Image.fromarray(coarse).resize((178, 218), Image.Resampling.BICUBIC))
        noisy = smooth + random.normal(0, 9, smooth.shape)
        Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(file, quality=80)


def anonymous_megabytes() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1e3 for line in lines if line.startswith("RssAnon"))


class Peak(threading.Thread):
    """Watches the memory until it is stopped."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.before = self.megabytes = anonymous_megabytes()
        self.stopped = threading.Event()

    def run(self) -> None:
        while not self.stopped.wait(0.02):
            self.megabytes = max(self.megabytes, anonymous_megabytes())


def measure(folder: Path, file: Path) -> dict[str, float]:
    """One row of the table, as numbers."""
    options = {"image_size": SIZE, "channels": 3, "progress": False}
    peak = Peak()
    peak.start()
    wall, cpu = time.perf_counter(), time.process_time()
    images = dcgan.cache_image_folder(folder, file, **options)
    first = time.perf_counter() - wall, time.process_time() - cpu
    wall = time.perf_counter()
    images = dcgan.cache_image_folder(folder, file, **options)
    again = time.perf_counter() - wall
    peak_of_cache = peak.megabytes

    wall, cpu = time.perf_counter(), time.process_time()
    batches, read = endless_batches(images, BATCH, seed=0, step=0), 0
    while read < min(len(images), 100_000):
        read += next(batches).shape[0]
    epoch = time.perf_counter() - wall, time.process_time() - cpu
    steps = len(images) // BATCH
    wall = time.perf_counter()
    next(endless_batches(images, BATCH, seed=0, step=3 * steps + steps // 2))
    resume = time.perf_counter() - wall
    peak.stopped.set()
    return {
        "pictures": len(images),
        "first_wall": len(images) / first[0],
        "first_cpu": len(images) / first[1],
        "again": again,
        "map_wall": read / epoch[0],
        "map_cpu": read / epoch[1],
        "resume": resume,
        "cache_memory": peak_of_cache - peak.before,
        "memory": peak.megabytes - peak.before,
        "all_memory": peak.megabytes,
        "array": images.nbytes / 1e6,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pictures", type=int, nargs="+", default=[10_000, 50_000, 200_000])
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)  # a row, in its own process
    options = parser.parse_args()
    if options.one:
        file = options.folder / f"{options.one}.npy"
        print(json.dumps(measure(options.folder / f"pictures-{options.one}", file)))
        return
    rows = []
    for n in options.pictures:
        make_pictures(options.folder / f"pictures-{n}", n)
        (options.folder / f"{n}.npy").unlink(missing_ok=True)
        command = [sys.executable, __file__, str(options.folder), "--one", str(n)]
        output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        row = json.loads(output.splitlines()[-1])
        rows.append(
            [
                f"{row['pictures']:,}",
                f"{row['first_wall']:,.0f} ({row['first_cpu']:,.0f})",
                f"{row['again']:.1f} s",
                f"{row['map_wall']:,.0f} ({row['map_cpu']:,.0f})",
                f"{1e3 * row['resume']:.0f} ms",
                f"+{row['memory']:.0f} MB",
                f"{row['all_memory']:.0f} MB",
                f"{row['array']:,.0f} MB",
            ]
        )
    print_machine()
    print("Images a second: by the clock, and (in brackets) for each second of a core.\n")
    header = ["pictures", "first pass", "second call", "batches from the map", "resumed"]
    header += ["memory more", "memory of the process", "the array would take"]
    print_table(header, rows)


if __name__ == "__main__":
    main()
