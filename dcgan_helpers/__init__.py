"""A deep convolutional GAN on MNIST, in small tested pieces: the library of the book.

import dcgan_helpers as dcgan

gan = dcgan.DCGAN(seed=0)
history = dcgan.train(gan, dcgan.load_mnist().train_images, epochs=50, checkpoint_dir="run")
dcgan.make_gif(history.frames, "dcgan.gif")
"""

import os

# TensorFlow's C++ side writes to stderr while it loads (no GPU found, instruction sets in use), and
# a notebook would show that above its first result. Python errors and warnings are not affected.
# Set the variable yourself, before the import, to see those lines.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from .checkpoints import Checkpoints
from .data import (
    MNIST,
    denormalize,
    load_image_folder,
    load_mnist,
    make_dataset,
    normalize,
)
from .discriminator import make_discriminator_model
from .generator import interpolate_noise, make_generator_model, sample_noise
from .gif import image_grid, make_gif
from .losses import discriminator_loss, generator_loss
from .plots import plot_history, show_drawing, show_images
from .training import DCGAN, History, make_train_step, train
from .widgets import LatentExplorer

__version__ = "0.1.0"

__all__ = [
    "DCGAN",
    "MNIST",
    "Checkpoints",
    "History",
    "LatentExplorer",
    "denormalize",
    "discriminator_loss",
    "generator_loss",
    "image_grid",
    "interpolate_noise",
    "load_image_folder",
    "load_mnist",
    "make_dataset",
    "make_discriminator_model",
    "make_generator_model",
    "make_gif",
    "make_train_step",
    "normalize",
    "plot_history",
    "sample_noise",
    "show_drawing",
    "show_images",
    "train",
]
