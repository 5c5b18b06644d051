"""A deep convolutional GAN on MNIST, in small tested pieces: the library of the book.

import dcgan_helpers as dcgan

gan = dcgan.DCGAN(seed=0)
history = dcgan.train(gan, dcgan.load_mnist().train_images, epochs=50, checkpoint_dir="run")
dcgan.make_gif(history.frames, "dcgan.gif", labels=history.frame_labels)
"""

from ._quiet import import_tensorflow

import_tensorflow()  # before any module that imports it

from ._tensorflow import check_backend, turn_remapper_off

check_backend()
turn_remapper_off()

from .avatars import load_avatars
from .checkpoints import Checkpoints
from .classifier import class_histogram, classifier_features, classify
from .data import (
    MNIST,
    denormalize,
    load_mnist,
    make_dataset,
    normalize,
)
from .discriminator import make_discriminator_model
from .drawings import show_drawing
from .evaluation import Evaluation, evaluate, evaluate_images
from .gan import DCGAN
from .generator import interpolate_noise, make_generator_model, sample_noise
from .gif import make_gif
from .grids import image_grid
from .history import History
from .idx import load_idx
from .image_cache import cache_image_folder, cache_images
from .image_folders import load_image_folder
from .losses import discriminator_loss, generator_loss, gradient_penalty
from .metrics import classifier_score, frechet_distance, missing_modes, precision_recall
from .nearest import nearest_training_images
from .plots import plot_history, show_images
from .recipes import RECIPES, Recipe
from .reference import (
    ReferenceRun,
    load_reference_discriminator,
    load_reference_generator,
    load_reference_run,
)
from .train_step import make_train_step
from .training import train
from .widgets import BalanceExplorer, LatentExplorer, LossExplorer

__version__ = "0.1.0"

__all__ = [
    "DCGAN",
    "MNIST",
    "RECIPES",
    "BalanceExplorer",
    "Checkpoints",
    "Evaluation",
    "History",
    "LatentExplorer",
    "LossExplorer",
    "Recipe",
    "ReferenceRun",
    "cache_image_folder",
    "cache_images",
    "class_histogram",
    "classifier_features",
    "classifier_score",
    "classify",
    "denormalize",
    "discriminator_loss",
    "evaluate",
    "evaluate_images",
    "frechet_distance",
    "generator_loss",
    "gradient_penalty",
    "image_grid",
    "interpolate_noise",
    "load_avatars",
    "load_idx",
    "load_image_folder",
    "load_mnist",
    "load_reference_discriminator",
    "load_reference_generator",
    "load_reference_run",
    "make_dataset",
    "make_discriminator_model",
    "make_generator_model",
    "make_gif",
    "make_train_step",
    "missing_modes",
    "nearest_training_images",
    "normalize",
    "plot_history",
    "precision_recall",
    "sample_noise",
    "show_drawing",
    "show_images",
    "train",
]
