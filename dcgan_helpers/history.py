"""The history: what a training run recorded."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np


# Its own `repr` would print every pixel of every frame, and its own `==` not compare them.
@dataclasses.dataclass(repr=False, eq=False)
class History:
    """The record of a training run: how it was run, its losses, its frames.

    Attributes:
        config: the settings that two runs must share to be one run, by name, as JSON values:
            recipe, seed, dtype, models and optimizers; once it was trained by `train`, batch size,
            images and steps between frames, too.
        environment: what decides the bits besides, by name: versions, device, threads, how the step
            was compiled. It may change within a run, and is that of the last call of `train`.
        steps_per_epoch: training steps in an epoch; 0 before any training.
        steps: number of each recorded step, from 1.
        step_losses: for each name that the train step returns, its value at each of `steps`.
        frames: images made from one fixed noise, `uint8` arrays `(16, height, width, channels)`:
            the first before training, then one an epoch (or every `frame_every` steps).
        frame_steps: number of steps done at each frame.
    """

    config: dict[str, Any] = dataclasses.field(default_factory=dict)
    environment: dict[str, str] = dataclasses.field(default_factory=dict)
    steps_per_epoch: int = 0
    steps: list[int] = dataclasses.field(default_factory=list)
    step_losses: dict[str, list[float]] = dataclasses.field(default_factory=dict)
    frames: list[np.ndarray] = dataclasses.field(default_factory=list)
    frame_steps: list[int] = dataclasses.field(default_factory=list)

    def __repr__(self) -> str:
        last = [f"{name} {losses[-1]:.4g}" for name, losses in self.step_losses.items() if losses]
        counted = (
            f"{len(self.steps)} steps, {len(self.epochs)} whole epochs, {len(self.frames)} frames"
        )
        return f"<History: {counted}{'; last ' if last else ''}{', '.join(last)}>"

    @property
    def epochs(self) -> list[int]:
        """The numbers of the finished epochs, from 1 (of those whose every step is recorded)."""
        n = self.steps_per_epoch
        recorded = Counter((step - 1) // n + 1 for step in self.steps if n)
        return [epoch for epoch, steps in sorted(recorded.items()) if steps == n]

    @property
    def epoch_losses(self) -> dict[str, list[float]]:
        """For each name in `step_losses`, the mean of its values over each of `epochs`."""
        n = self.steps_per_epoch
        starts = np.searchsorted(self.steps, [(epoch - 1) * n + 1 for epoch in self.epochs])
        return {
            name: [float(np.mean(losses[start : start + n])) for start in starts]
            for name, losses in self.step_losses.items()
        }

    @property
    def frame_labels(self) -> list[str]:
        """A label for each frame: "epoch 3", or "step 40" where frames are made within epochs."""
        n = self.steps_per_epoch
        if not n or any(step % n for step in self.frame_steps):
            return [f"step {step}" for step in self.frame_steps]
        return [f"epoch {step // n}" for step in self.frame_steps]

    def to_arrays(self) -> dict[str, np.ndarray]:
        """The whole record as arrays, for a file."""
        return {
            "config": _as_bytes(self.config),
            "environment": _as_bytes(self.environment),
            "steps_per_epoch": np.array(self.steps_per_epoch),
            "steps": np.array(self.steps, np.int64),
            "frames": np.array(self.frames, np.uint8),
            "frame_steps": np.array(self.frame_steps, np.int64),
            **{f"loss/{name}": np.array(v, np.float32) for name, v in self.step_losses.items()},
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> History:
        """The record that `to_arrays` gave."""
        return cls(
            config=json.loads(arrays["config"].tobytes()),
            environment=json.loads(arrays["environment"].tobytes()),
            steps_per_epoch=int(arrays["steps_per_epoch"]),
            steps=arrays["steps"].tolist(),
            step_losses={
                name.removeprefix("loss/"): array.tolist()
                for name, array in arrays.items()
                if name.startswith("loss/")
            },
            frames=list(arrays["frames"]),
            frame_steps=arrays["frame_steps"].tolist(),
        )


def _as_bytes(settings: dict[str, Any]) -> np.ndarray:
    return np.frombuffer(json.dumps(settings).encode(), np.uint8)
