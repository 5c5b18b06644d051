"""One worker of a small run on two of them, for `test_replicas.py` to start and to kill.

python cluster_run.py INDEX PORT,PORT FOLDER STEPS RESULT
"""

from __future__ import annotations

import json
import os
import sys

import dcgan_helpers as dcgan

# isort: split
import numpy as np
import tensorflow as tf
from conftest import IMAGE_SHAPE, make_averaging_gan, state_of


def main(index: str, ports: str, folder: str, steps: str, result: str) -> None:
    cluster = {"worker": [f"127.0.0.1:{port}" for port in ports.split(",")]}
    os.environ["TF_CONFIG"] = json.dumps(
        {"cluster": cluster, "task": {"type": "worker", "index": int(index)}}
    )
    # Before any operation: TensorFlow starts with it.
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    gan = make_averaging_gan(strategy=strategy)
    images = np.random.default_rng(0).integers(0, 256, (22, *IMAGE_SHAPE), dtype=np.uint8)
    dcgan.train(
        gan,
        images,
        steps=int(steps),
        batch_size=4,
        checkpoint_dir=folder,
        checkpoint_every=10,
        progress=False,
    )
    np.savez(result, **state_of(gan))


if __name__ == "__main__":
    main(*sys.argv[1:])
