"""The recipes: the settings in which one way of training differs from another."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from ._checks import MOST_DOUBLINGS, check_choice, check_integer, check_number

DTYPES = ("float32", "mixed_bfloat16", "mixed_float16")


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How to train. `dataclasses.replace` makes another recipe of one that exists.

    Attributes:
        batch_size: real images in a step, which is also the number of fakes.
        generator_learning_rate: of the generator's Adam optimizer.
        discriminator_learning_rate: of the discriminator's.
        beta_1: Adam's decay of the first moment, for both.
        dropout: the fraction of its activations that the discriminator drops in training.
        dtype: Keras dtype policy of both models; None means "mixed_bfloat16" on machines that
            multiply in bfloat16, and "float32" elsewhere.
        ema_gamma: images are made with an exponential moving average (EMA) of the generator's
            weights, whose decay at step t is (1 - 1/t)^(ema_gamma + 1): the larger the number, the
            fewer of the last steps count. None makes images with the weights themselves.
        r1_gamma: weight of the `gradient_penalty` (R1) in the discriminator's loss; None is without
            it. It is taken at each eighth step, with eight times that weight.
        doublings: how often the generator doubles the size of an image, and the discriminator
            halves it, of the models that are made with this recipe; None means as often as leaves
            7 pixels or more (2 times for 32 × 32, 3 for 64 × 64, 4 for 128 × 128).

    Raises:
        TypeError: a setting is of the wrong type.
        ValueError: a setting is out of its range.

    Example:
        >>> import dataclasses
        >>> recipe = dataclasses.replace(RECIPES["quick"], batch_size=64)
        >>> DCGAN(recipe=recipe, seed=0).recipe.batch_size
        64

    References:
        T. Karras et al.: Analyzing and improving the training dynamics of diffusion models. CVPR
        2024, arXiv:2312.02696, section 3.1 (γ of the power function EMA).

        L. Mescheder et al.: Which training methods for GANs do actually converge? ICML 2018,
        arXiv:1801.04406, equation (9) (γ of R1). T. Karras et al.: Analyzing and improving the
        image quality of StyleGAN. CVPR 2020, arXiv:1912.04958, section 3.1 (not at every step).
    """

    batch_size: int
    generator_learning_rate: float
    discriminator_learning_rate: float
    beta_1: float
    dropout: float
    dtype: str | None
    ema_gamma: float | None
    r1_gamma: float | None = None
    doublings: int | None = 2

    def __post_init__(self) -> None:
        if self.dtype is not None:
            check_choice("dtype", self.dtype, DTYPES)
        intervals = {
            "generator_learning_rate": "(0, inf)",
            "discriminator_learning_rate": "(0, inf)",
            "beta_1": "[0, 1)",
            "dropout": "[0, 1]",
        }
        for name in ("ema_gamma", "r1_gamma"):
            if getattr(self, name) is not None:
                intervals[name] = "(0, inf)"
        checked: dict[str, float] = {
            "batch_size": check_integer("batch_size", self.batch_size, minimum=1)
        }
        checked |= {
            name: check_number(name, getattr(self, name), i) for name, i in intervals.items()
        }
        if self.doublings is not None:
            checked["doublings"] = check_integer(
                "doublings", self.doublings, minimum=1, maximum=MOST_DOUBLINGS
            )
        for name, value in checked.items():  # 2 and 2.0 are one recipe
            object.__setattr__(self, name, value)

    def __str__(self) -> str:
        """The name of the recipe in `RECIPES`, or all of its settings."""
        return next((name for name, known in RECIPES.items() if known == self), repr(self))


_QUICK = Recipe(
    batch_size=16,
    generator_learning_rate=1e-3,
    discriminator_learning_rate=5e-4,
    beta_1=0.0,
    dropout=0.0,
    dtype=None,
    ema_gamma=5.0,
    r1_gamma=0.1,
)
# The recipes with a name: "tutorial", that of TensorFlow's DCGAN tutorial, "quick", and "colour",
# which is "quick" without R1, with networks that fit the size of the images.
RECIPES: Mapping[str, Recipe] = {
    "tutorial": Recipe(
        batch_size=256,
        generator_learning_rate=1e-4,
        discriminator_learning_rate=1e-4,
        beta_1=0.9,
        dropout=0.3,
        dtype="float32",
        ema_gamma=None,
    ),
    "quick": _QUICK,
    "colour": dataclasses.replace(_QUICK, r1_gamma=None, doublings=None),
}
