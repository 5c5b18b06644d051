"""The tutorial's two networks and its training step in PyTorch, for the scripts that time it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch._functorch.config
from torch import nn
from torch.nn import functional


def make_generator() -> nn.Module:
    def upsample(channels: int, filters: int, stride: int) -> nn.Module:
        return nn.ConvTranspose2d(
            channels, filters, 5, stride, padding=2, output_padding=stride - 1, bias=False
        )

    def norm(kind: type[nn.Module], n: int) -> list[nn.Module]:
        return [kind(n, eps=1e-3, momentum=0.01), nn.LeakyReLU(0.3)]

    return nn.Sequential(
        nn.Linear(100, 7 * 7 * 256, bias=False), *norm(nn.BatchNorm1d, 7 * 7 * 256),
        nn.Unflatten(1, (256, 7, 7)),
        upsample(256, 128, 1), *norm(nn.BatchNorm2d, 128),
        upsample(128, 64, 2), *norm(nn.BatchNorm2d, 64),
        upsample(64, 1, 2), nn.Tanh(),
    )  # fmt: skip


def make_discriminator() -> nn.Module:
    def downsample(channels: int, filters: int) -> list[nn.Module]:
        return [
            nn.Conv2d(channels, filters, 5, 2, padding=2), nn.LeakyReLU(0.3), nn.Dropout(0.3)
        ]  # fmt: skip

    return nn.Sequential(
        *downsample(1, 64), *downsample(64, 128), nn.Flatten(), nn.Linear(7 * 7 * 128, 1)
    )


def make_step(
    images: torch.Tensor, *, channels_last: bool = False, bfloat16: bool = False,
    compiled: bool = False,
) -> Callable[[], torch.Tensor]:  # fmt: skip
    device = "cuda" if torch.cuda.is_available() else "cpu"
    layout = torch.channels_last if channels_last else torch.contiguous_format
    images = images.to(device, memory_format=layout)
    generator, discriminator = (
        model.to(device, memory_format=layout) for model in (make_generator(), make_discriminator())
    )
    weights = list(generator.parameters()), list(discriminator.parameters())
    capturable = device == "cuda"  # by a CUDA graph
    optimizers = [torch.optim.Adam(w, 1e-4, fused=True, capturable=capturable) for w in weights]
    if compiled:
        torch._functorch.config.donated_buffer = False  # two losses go back through one pass
        generator, discriminator = torch.compile(generator), torch.compile(discriminator)

    def step() -> torch.Tensor:
        noise = torch.randn(len(images), 100, device=device)
        with torch.autocast(device, torch.bfloat16, enabled=bfloat16):
            fakes = generator(noise)
            real, fake = discriminator(images), discriminator(fakes)
        losses = (
            functional.softplus(-fake.float()).mean(),  # cross-entropy against the label 1
            functional.softplus(-real.float()).mean() + functional.softplus(fake.float()).mean(),
        )
        for loss, parameters, last in zip(losses, weights, (False, True), strict=True):
            gradients = torch.autograd.grad(loss, parameters, retain_graph=not last)
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.grad = gradient
        for optimizer in optimizers:
            optimizer.step()
        return losses[0].detach()

    return step


def captured(step: Callable[[], torch.Tensor]) -> Callable[[], torch.Tensor]:
    """A step recorded once as a CUDA graph, which starts all of its kernels at once."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        loss = step()

    def replay() -> torch.Tensor:
        graph.replay()
        return loss

    return replay


def as_batch(images: np.ndarray) -> torch.Tensor:
    """Images with the channels where PyTorch has them."""
    return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()


def steps(images: np.ndarray) -> dict[str, Callable[[], object]]:
    """The step in every way that might be the fastest, by name."""
    batch = as_batch(images)
    return {
        "PyTorch, eager": make_step(batch),
        "PyTorch, channels_last": make_step(batch, channels_last=True),
        "PyTorch, bfloat16": make_step(batch, bfloat16=True),
        "PyTorch, bfloat16, channels_last": make_step(batch, bfloat16=True, channels_last=True),
        "PyTorch, torch.compile": make_step(batch, compiled=True),
        "PyTorch, bfloat16, torch.compile": make_step(batch, bfloat16=True, compiled=True),
    }
