"""Does a run keep memory that it does not need? Over epochs, calls of `train`, and GANs.

    python benchmarks/memory.py

Prints the memory that is in use (resident, Linux only) while a tiny GAN trains on 63 MB of images:
over 50 epochs in one call, over 100 calls, and over 100 GANs that are made and dropped, first
without training, then each with an epoch.
"""

from __future__ import annotations

import ctypes
import gc
import math
import resource
from pathlib import Path

import keras
import numpy as np
from _common import print_machine, print_table

import dcgan_helpers as dcgan

SHAPE = (32, 32, 3)
OPTIONS = {"batch_size": 1000, "frame_every": 10_000, "progress": False}


def megabytes() -> float:
    """What the process holds, once what is free was given back."""
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def make_gan() -> dcgan.DCGAN:
    layers = keras.layers
    dense = layers.Dense(math.prod(SHAPE), activation="tanh")
    return dcgan.DCGAN(
        generator=keras.Sequential([keras.Input((3,)), dense, layers.Reshape(SHAPE)]),
        discriminator=keras.Sequential([keras.Input(SHAPE), layers.Flatten(), layers.Dense(1)]),
    )


def main() -> None:
    print_machine()
    images = np.zeros((63_000_000 // (4 * math.prod(SHAPE)), *SHAPE), np.float32) - 1
    gan = make_gan()
    dcgan.train(gan, images, steps=1, **OPTIONS)
    before, peak_before = megabytes(), peak()
    rows = []

    def note(what: str) -> None:
        rows.append((what, f"{megabytes() - before:+.0f}", f"{peak() - peak_before:+.0f}"))

    for epochs in (1, 10, 50):
        dcgan.train(gan, images, epochs, **OPTIONS)
        note(f"{epochs} epochs")
    for calls in range(1, 101):
        dcgan.train(gan, images, 50 + calls, **OPTIONS)
        if calls in (10, 50, 100):
            note(f"and {calls} calls of `train`")
    for trained in (False, True):
        for gans in range(1, 101):
            another = make_gan()
            if trained:
                dcgan.train(another, images[:1000], 1, **OPTIONS)
            del another
            if gans in (10, 50, 100):
                note(f"and {gans} GANs made{', trained' * trained} and dropped")
    print(f"The images are {images.nbytes / 1e6:.0f} MB.\n")
    print_table(["after", "MB more in use", "MB more at the peak"], rows)


if __name__ == "__main__":
    main()
