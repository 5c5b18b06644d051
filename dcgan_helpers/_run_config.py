"""What makes two runs the same run, as JSON values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from types import CodeType
from typing import Any

import keras
import numpy as np

# They change from one building of a model to the next, and what seeds began is part of the state;
# the code of a lambda names the file that it stands in, which in a notebook is the kernel's.
_IGNORED = ("name", "seed", "code")


def fingerprint_model(name: str, model: keras.Model, *, dtypes: bool = True) -> str:
    """A hash of a model's layers, by their classes, settings, shapes and, unless not, dtypes."""
    ignored = _IGNORED if dtypes else (*_IGNORED, "dtype")
    layers = _described(name, model, lambda part: _architecture(part, ignored))
    text = json.dumps(layers, sort_keys=True, default=_class_name)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def fingerprint_images(images: np.ndarray) -> str:
    """A hash of every pixel, and the shape."""
    digest = hashlib.sha256(np.ascontiguousarray(images).data).hexdigest()
    return f"{digest[:16]} {images.shape}"


def describe_optimizer(name: str, optimizer: keras.optimizers.Optimizer) -> Any:
    """An optimizer's settings, without its name."""
    config = _described(name, optimizer, lambda part: _without(part.get_config(), _IGNORED))
    return json.loads(json.dumps(config, sort_keys=True, default=_class_name))


def differences(before: Mapping[str, Any], now: Mapping[str, Any], where: str) -> str:
    """The settings in which two runs differ, of those that both have; empty if there is none."""
    old, new = _flat(before), _flat(now)
    return "; ".join(
        f"{key}: {old[key]} {where}, {new[key]} now"
        for key in new
        if key in old and old[key] != new[key]
    )


def _flat(config: Mapping[str, Any]) -> dict[str, Any]:
    """Settings within settings by a name of their own: `generator_optimizer.learning_rate`."""
    flat: dict[str, Any] = {}
    for key, value in config.items():
        if isinstance(value, Mapping):
            flat |= {f"{key}.{name}": inner for name, inner in _flat(value).items()}
        else:
            flat[key] = value
    return flat


def _described(name: str, part: Any, describe: Callable[[Any], Any]) -> Any:
    try:
        return describe(part)
    except Exception as error:  # whatever a `get_config` raises
        raise ValueError(
            f"{name} must have settings that can be recorded; give each class of its parts (layer, "
            f"schedule, ...) a get_config that returns its arguments: {error}"
        ) from error


def _architecture(model: keras.Model, ignored: Collection[str]) -> Any:
    return [
        [
            type(layer).__name__,
            # The configuration of a model within holds names that differ from one to the next.
            _architecture(layer, ignored)
            if isinstance(layer, keras.Model)
            else _without(layer.get_config(), ignored),
            _instructions(getattr(getattr(layer, "function", None), "__code__", None)),
            None if "dtype" in ignored else layer.dtype_policy.name,
            [weight.shape for weight in layer.weights],
        ]
        for layer in model.layers
    ]


def _without(config: Any, ignored: Collection[str]) -> Any:
    if isinstance(config, Mapping):
        config = {k: _without(v, ignored) for k, v in config.items() if k not in ignored}
        if config.get("synchronized"):  # what the number of devices asks for makes no other run
            config["synchronized"] = False
        return config
    if isinstance(config, (list, tuple)):
        return [_without(value, ignored) for value in config]
    return float(config) if isinstance(config, np.floating) else config


def _instructions(code: CodeType | None) -> list[Any] | None:
    """What the function of a Lambda layer does, wherever it stands."""
    if code is None:
        return None
    constants = [_instructions(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts]
    return [code.co_code.hex(), code.co_names, constants]


def _class_name(value: object) -> str:
    return type(value).__name__
