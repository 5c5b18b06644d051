"""The recorder of a run's losses."""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from .history import History

REFRESH_SECONDS = 0.5  # how often losses are fetched: each fetch makes a GPU wait


class Recorder:
    """Moves losses from the device into the history, and shows them in a progress bar.

    The run has done `done` steps of `target`.
    """

    def __init__(
        self, history: History, done: int, target: int, batch_size: int, *, progress: bool
    ) -> None:
        from tqdm.auto import tqdm

        self._history, self.done = history, done
        self._batch_size = batch_size
        self._pending: list[dict[str, tf.Tensor]] = []
        self._fetched_at = time.monotonic()
        self._bar = tqdm(
            total=target * batch_size,
            initial=done * batch_size,
            unit=" images",
            unit_scale=True,
            disable=not progress,
            mininterval=REFRESH_SECONDS,
        )

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, kind: type[BaseException] | None, *exc_info: object) -> None:
        try:
            self.fetch()  # after an exception, too: those steps were done
        except FloatingPointError:
            if kind is None:
                raise
        finally:
            self._bar.close()

    def add(self, losses: dict[str, tf.Tensor]) -> None:
        """Note the losses of a step that was done; they are fetched now and then."""
        self._pending.append(losses)
        self.done += 1
        self._bar.update(self._batch_size)
        if time.monotonic() - self._fetched_at > REFRESH_SECONDS:
            self.fetch()

    def fetch(self) -> None:
        """Fetch all losses that were noted; raise `FloatingPointError` if one is not finite."""
        fetched = [{k: float(loss) for k, loss in losses.items()} for losses in self._pending]
        self._pending = []  # only now: an interrupt of the transfer loses nothing
        for step, losses in enumerate(fetched, self.done - len(fetched) + 1):
            self._record(step, losses)
        if fetched:
            epoch = (self.done - 1) // self._history.steps_per_epoch + 1
            self._bar.set_description(f"epoch {epoch}", refresh=False)
            last = {k.removesuffix("_loss"): f"{v:.3f}" for k, v in fetched[-1].items()}
            self._bar.set_postfix(last)
        self._fetched_at = time.monotonic()

    def _record(self, step: int, losses: Mapping[str, float]) -> None:
        if not np.isfinite(list(losses.values())).all():
            values = ", ".join(f"{name} is {value}" for name, value in losses.items())
            raise FloatingPointError(f"training diverged at step {step}: {values}")
        self._history.steps.append(step)
        for name, value in losses.items():
            self._history.step_losses.setdefault(name, []).append(value)
