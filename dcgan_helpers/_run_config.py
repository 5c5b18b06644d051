"""What makes two runs the same run, as JSON values."""

from __future__ import annotations

import base64
import hashlib
import json
import marshal
from collections.abc import Callable, Mapping
from types import CodeType
from typing import Any

import keras
import numpy as np


def fingerprint_model(name: str, model: keras.Model) -> str:
    """A hash of a model's layers, by their classes, settings and shapes.

    Their names and seeds are left out: they change from one building to the next, and what the
    seeds began is part of the state.
    """
    text = json.dumps(_described(name, model, _architecture), sort_keys=True, default=_class_name)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def fingerprint_images(images: np.ndarray) -> str:
    """A hash of every pixel, and the shape."""
    digest = hashlib.sha256(np.ascontiguousarray(images).data).hexdigest()
    return f"{digest[:16]} {images.shape}"


def describe_optimizer(name: str, optimizer: keras.optimizers.Optimizer) -> Any:
    """An optimizer's settings, without its name."""
    config = _described(name, optimizer, lambda part: _without_names(part.get_config()))
    return json.loads(json.dumps(config, sort_keys=True, default=_class_name))


def differences(before: Mapping[str, Any], now: Mapping[str, Any], where: str) -> str:
    """The settings in which two runs differ, of those that both have; empty if there is none."""
    return "; ".join(
        f"{key}: {before[key]} {where}, {now[key]} now"
        for key in now
        if key in before and before[key] != now[key]
    )


def _described(name: str, part: Any, describe: Callable[[Any], Any]) -> Any:
    try:
        return describe(part)
    except Exception as error:  # whatever a `get_config` raises
        raise ValueError(
            f"{name} must have settings that can be recorded; give each class of its parts (layer, "
            f"schedule, ...) a get_config that returns its arguments: {error}"
        ) from error


def _architecture(model: keras.Model) -> Any:
    return [
        [
            type(layer).__name__,
            # The configuration of a model within holds names that differ from one to the next.
            _architecture(layer)
            if isinstance(layer, keras.Model)
            else _without_names(layer.get_config()),
            layer.dtype_policy.name,
            [weight.shape for weight in layer.weights],
        ]
        for layer in model.layers
    ]


def _without_names(config: Any) -> Any:
    if isinstance(config, Mapping):
        if config.get("class_name") == "__lambda__":
            code = marshal.loads(base64.decodebytes(config["config"]["code"].encode()))
            return [_instructions(code), config["config"].get("closure")]
        return {k: _without_names(v) for k, v in config.items() if k not in ("name", "seed")}
    if isinstance(config, (list, tuple)):
        return [_without_names(value) for value in config]
    return float(config) if isinstance(config, np.floating) else config


def _instructions(code: CodeType) -> list[Any]:
    """What a function does, without the file that it stands in, which a notebook's kernel names."""
    constants = [_instructions(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts]
    return [code.co_code.hex(), code.co_names, constants]


def _class_name(value: object) -> str:
    return type(value).__name__
