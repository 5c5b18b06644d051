"""Train the tutorial's DCGAN on several machines: the same command on each of them.

By hand, with an address for each machine in TF_CONFIG (`index` counts them, from 0):

    export TF_CONFIG='{"cluster": {"worker": ["one:2222", "two:2222"]},
                       "task": {"type": "worker", "index": 0}}'
    python train.py /shared/run

In a job of Slurm, `srun python train.py /shared/run`: see train.sbatch. The folder has to be one
that all machines see. The same command again goes on from its newest checkpoint.
"""

from __future__ import annotations

import argparse
import os

import dcgan_helpers as dcgan  # before tensorflow: it quiets TensorFlow's start

# isort: split
import tensorflow as tf


def make_strategy() -> tf.distribute.Strategy:
    """The devices of all machines, from Slurm's variables or TF_CONFIG; else all devices of one."""
    if "SLURM_STEP_NODELIST" in os.environ and "TF_CONFIG" not in os.environ:
        # It gives GPUs to tasks, too, but Slurm has done so: take the addresses alone, with one
        # place for each task.
        places = int(os.environ["SLURM_STEP_NUM_TASKS"])
        port = int(os.environ.get("DCGAN_PORT", "8888"))
        slurm = tf.distribute.cluster_resolver.SlurmClusterResolver(
            port_base=port, gpus_per_node=places, gpus_per_task=1, auto_set_gpu=False
        )
        cluster = slurm.cluster_spec()
        kind, index = slurm.get_task_info()
        resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
            cluster, task_type=kind, task_id=index, rpc_layer="grpc"
        )
        return tf.distribute.MultiWorkerMirroredStrategy(cluster_resolver=resolver)
    if "TF_CONFIG" in os.environ:
        return tf.distribute.MultiWorkerMirroredStrategy()
    return tf.distribute.MirroredStrategy()


def main() -> None:
    parser = argparse.ArgumentParser(description="Train a DCGAN on several machines.")
    parser.add_argument("folder", help="of the checkpoints, one that all machines see")
    parser.add_argument("--recipe", default="tutorial", choices=sorted(dcgan.RECIPES))
    parser.add_argument("--batch-size", type=int, help="of all devices together")
    parser.add_argument("--steps", type=int, help="in all, instead of 50 epochs")
    asked = parser.parse_args()

    strategy = make_strategy()  # before anything else of TensorFlow is used
    gan = dcgan.DCGAN(recipe=asked.recipe, seed=0, strategy=strategy)
    dcgan.train(
        gan,
        dcgan.load_mnist().train_images,
        epochs=None if asked.steps else 50,
        steps=asked.steps,
        batch_size=asked.batch_size,
        checkpoint_dir=asked.folder,
    )
    print(f"{strategy.num_replicas_in_sync} replicas, {int(gan.step)} steps done")


if __name__ == "__main__":
    main()
