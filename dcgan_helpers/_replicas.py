"""The replicas of a run: the devices of a `tf.distribute` strategy, on one machine or several."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

import keras
import tensorflow as tf

from ._layers import all_layers

Strategy: TypeAlias = Any  # None, or a `tf.distribute.Strategy`

_KINDS = (tf.distribute.MirroredStrategy, tf.distribute.MultiWorkerMirroredStrategy)
_NEXT_REPLICA = 1_000_003  # added to a seed once for each replica before
# Of a collective operation when another worker is gone. Other errors are this machine's own.
_LOST = (
    tf.errors.AbortedError, tf.errors.CancelledError, tf.errors.DeadlineExceededError,
    tf.errors.FailedPreconditionError, tf.errors.InternalError, tf.errors.UnavailableError,
)  # fmt: skip


def check_strategy(strategy: Any) -> Strategy:
    """Return `strategy` if `DCGAN` can train on it, None for TensorFlow's default one, or raise."""
    check_outside_scope()
    if strategy is None or strategy is tf.distribute.get_strategy():
        return None
    if not isinstance(strategy, _KINDS):
        raise TypeError(
            "strategy must be a tf.distribute.MirroredStrategy or a "
            f"tf.distribute.MultiWorkerMirroredStrategy, got {type(strategy).__name__}"
        )
    return strategy


def check_outside_scope() -> None:
    """Raise under `strategy.scope()`, where a run's counter and averages would be distributed."""
    if tf.distribute.has_strategy():
        raise RuntimeError(
            "call it outside of strategy.scope(), and give the strategy to DCGAN(strategy=...); "
            "models and optimizers of your own alone are made inside"
        )


def check_made_on(strategy: Strategy, *parts: Any) -> None:
    """Raise unless generator, discriminator and their optimizers, if given, fit `strategy`."""
    names = "generator", "discriminator", "generator_optimizer", "discriminator_optimizer"
    for name, part in zip(names, parts, strict=True):
        for variable in part.variables if part is not None else []:
            if getattr(variable.value, "distribute_strategy", None) is not strategy:
                where = "outside of any strategy.scope()" if strategy is None else (
                    "inside `with strategy.scope():` of the strategy given"
                )  # fmt: skip
                raise ValueError(
                    f"{name} must be made {where}, got one whose variable {variable.path} was not"
                )


def check_rows(strategy: Strategy, batch_size: int) -> None:
    """Raise unless each replica gets as many rows of a batch as the next."""
    n = replicas(strategy)
    if batch_size % n:
        raise ValueError(
            f"batch_size must be a multiple of the strategy's {n} replicas, got {batch_size}"
        )


def scope(strategy: Strategy) -> contextlib.AbstractContextManager[Any]:
    """Where models and optimizers are made."""
    return contextlib.nullcontext() if strategy is None else strategy.scope()


def replicas(strategy: Strategy) -> int:
    """How many replicas train in step."""
    return 1 if strategy is None else int(strategy.num_replicas_in_sync)


def has_several_workers(strategy: Strategy) -> bool:
    """Whether other processes take part."""
    return _workers(strategy) > 1


def is_chief(strategy: Strategy) -> bool:
    """Whether this process is the one, of those that train together, that writes files."""
    if not has_several_workers(strategy):
        return True
    resolver = strategy.cluster_resolver
    if "chief" in resolver.cluster_spec().jobs:
        return bool(resolver.task_type == "chief")
    return bool(resolver.task_id == 0)


def synchronize(strategy: Strategy, *models: keras.Model) -> None:
    """Let batch normalisation take its statistics of the whole batch, not of one replica's rows."""
    if replicas(strategy) > 1:
        for model in models:
            for layer in all_layers(model):
                if isinstance(layer, keras.layers.BatchNormalization):
                    layer.synchronized = True


def part_random_states(strategy: Strategy, states: Iterable[tf.Variable]) -> None:
    """Give each replica another state of dropout's seed; before, all have that of the first."""
    if replicas(strategy) == 1:
        return

    @tf.function(autograph=False)
    def number_of_each() -> Any:
        return strategy.run(lambda: tf.distribute.get_replica_context().replica_id_in_sync_group)

    numbers = strategy.experimental_local_results(number_of_each())
    for state in states:
        if state.dtype.is_integer and state.shape == (2,):  # a seed's, not what a layer keeps else
            for number, local in zip(numbers, local_variables(strategy, state), strict=True):
                local.assign_add(tf.constant([int(number) * _NEXT_REPLICA, 0], state.dtype))


def local_variables(strategy: Strategy, variable: tf.Variable) -> tuple[tf.Variable, ...]:
    """The variable on each of this process's replicas."""
    return (variable,) if strategy is None else strategy.experimental_local_results(variable)


def on_replicas(
    strategy: Strategy, function: Callable[..., dict[str, tf.Tensor]], *batches: tf.Tensor
) -> dict[str, tf.Tensor]:
    """Call `function` on each replica with its rows of the batches; the means of the results."""
    if strategy is None:
        return function(*batches)
    n = replicas(strategy)
    check_rows(strategy, batches[0].shape[0] or 0)  # of an unknown number nothing is known yet

    def call(*batches: tf.Tensor) -> dict[str, tf.Tensor]:
        number = tf.distribute.get_replica_context().replica_id_in_sync_group
        rows = (tf.reshape(batch, (n, -1, *batch.shape[1:]))[number] for batch in batches)
        return function(*rows)

    results = strategy.run(call, args=batches)
    return {k: strategy.reduce("MEAN", value, axis=None) for k, value in results.items()}


def share(strategy: Strategy, loss: tf.Tensor) -> tf.Tensor:
    """A replica's part of the loss, such that the sum of all gradients is that of the batch."""
    n = replicas(strategy)
    return loss if n == 1 else loss / n


def check_agreement(strategy: Strategy, step: int, settings: str) -> None:
    """Raise unless all workers are to begin with the same step of the same run; waits for them."""
    if not has_several_workers(strategy):
        return
    facts = tf.constant([[step, zlib.crc32(settings.encode())]], tf.int64)

    @tf.function(autograph=False)
    def of_all() -> Any:
        return strategy.run(lambda: tf.distribute.get_replica_context().all_gather(facts, axis=0))

    gathered = strategy.experimental_local_results(of_all())[0].numpy()
    steps, sums = (sorted(set(column.tolist())) for column in gathered.T)
    if len(steps) > 1:
        raise ValueError(
            f"all workers must begin with the same step, got steps {steps}; checkpoint_dir must be "
            "one folder that all of them see"
        )
    if len(sums) > 1:
        raise ValueError(
            "all workers must train the same run, got different settings or images: "
            f"{settings} here"
        )


@contextlib.contextmanager
def failures_explained(strategy: Strategy) -> Iterator[None]:
    """Say in plain words why replicas could not train in step, instead of what TensorFlow says.

    Raises:
        ConnectionError: another worker is gone.
        RuntimeError: two strategies in one process are in each other's way.
    """
    try:
        yield
    except _LOST as error:
        if not has_several_workers(strategy):
            if strategy is None or "Collective" not in str(error):
                raise
            raise RuntimeError(
                "TensorFlow's operations over several devices know one strategy in a process; "
                "start Python anew, make one and give it to every DCGAN"
            ) from error
        raise ConnectionError(
            "another worker of the strategy has ended or cannot be reached, so this one ends, too; "
            "the same command on all of them goes on from the last checkpoint (TensorFlow's error, "
            f"{type(error).__name__}, stands above)"
        ) from error


def _workers(strategy: Strategy) -> int:
    resolver = getattr(strategy, "cluster_resolver", None)
    if resolver is None:
        return 1
    return sum(map(len, resolver.cluster_spec().as_dict().values()))
