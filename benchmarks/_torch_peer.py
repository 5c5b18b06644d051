"""The DCGANs that are described in PyTorch's terms, or the paper's, for `peers.py`."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import tensorflow as tf
import torch
from torch import nn
from torch.nn.functional import softplus


@dataclasses.dataclass(frozen=True)
class TorchPeer:
    """Networks of the paper's form: noise to 4 × 4 pixels, then four doublings, and back."""

    batch_size: int = 128
    learning_rate: float = 2e-4
    filters: int = 64  # beside the image; then twice, four times and eight times as many
    kernel: int = 4
    uniform: bool = False  # noise from (-1, 1), where others have N(0, 1)
    unit_scales: bool = True  # batch normalisation begins with scales about 1, shifts 0
    normalised_input: bool = False  # the discriminator's first layer has batch normalisation, too
    side: int = 64


class TorchRun:
    """A `TorchPeer` in training: PyTorch, float32, one operation after another."""

    def __init__(self, peer: TorchPeer, seed: int) -> None:
        torch.manual_seed(seed)
        self.peer, self.random = peer, np.random.default_rng(seed)
        widths = [peer.filters * 2**i for i in (3, 2, 1, 0)]
        size = {"kernel_size": peer.kernel, "stride": 2, "padding": (peer.kernel - 1) // 2}
        up: list[nn.Module] = [nn.ConvTranspose2d(100, widths[0], 4, bias=False)]
        for a, b in itertools.pairwise([*widths, 1]):
            doubling = nn.ConvTranspose2d(a, b, output_padding=peer.kernel % 2, bias=False, **size)
            up += [nn.BatchNorm2d(a), nn.ReLU(), doubling]
        down: list[nn.Module] = []
        for a, b in itertools.pairwise([1, *reversed(widths)]):
            norm = [nn.BatchNorm2d(b)] if a > 1 or peer.normalised_input else []
            down += [nn.Conv2d(a, b, bias=False, **size), *norm, nn.LeakyReLU(0.2)]
        self.generator = nn.Sequential(*up, nn.Tanh())
        self.discriminator = nn.Sequential(*down, nn.Conv2d(widths[0], 1, 4, bias=False))
        for model in (self.generator, self.discriminator):
            for weight in model.parameters():
                nn.init.normal_(weight, 0.0, 0.02)
            for layer in model:
                if isinstance(layer, nn.BatchNorm2d) and peer.unit_scales:
                    nn.init.normal_(layer.weight, 1.0, 0.02)
                    nn.init.zeros_(layer.bias)
        self.optimizers = [
            torch.optim.Adam(model.parameters(), peer.learning_rate, betas=(0.5, 0.999))
            for model in (self.generator, self.discriminator)
        ]

    def noise(self, random: np.random.Generator) -> torch.Tensor:
        shape = (self.peer.batch_size, 100, 1, 1)
        uniform = self.peer.uniform
        noise = random.uniform(-1, 1, shape) if uniform else random.standard_normal(shape)
        return torch.from_numpy(noise.astype(np.float32))

    def step(self, images: tf.Tensor) -> None:
        """The discriminator, from the mean cross-entropies of either kind; then the generator."""
        of_generator, of_discriminator = self.optimizers
        fakes = self.generator(self.noise(self.random))
        of_discriminator.zero_grad()
        real = self.discriminator(torch.from_numpy(images.numpy()).permute(0, 3, 1, 2))
        fake = self.discriminator(fakes.detach())
        (softplus(-real).mean() + softplus(fake).mean()).backward()
        of_discriminator.step()
        of_generator.zero_grad()
        softplus(-self.discriminator(fakes)).mean().backward()
        of_generator.step()

    def images(self, n: int) -> np.ndarray:
        """`n` images in [-1, 1], in the batches of the training."""
        random, parts = np.random.default_rng(0), -(-n // self.peer.batch_size)
        with torch.no_grad():
            found = torch.cat([self.generator(self.noise(random)) for _ in range(parts)])
        return found[:n].permute(0, 2, 3, 1).numpy()
