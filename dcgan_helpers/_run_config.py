"""What makes two runs the same run, as JSON values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np


def fingerprint_model(model: keras.Model) -> str:
    """A hash of a model's layers, by their classes, settings and shapes, not by their names."""
    text = json.dumps(_architecture(model), sort_keys=True, default=_class_name)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def fingerprint_images(images: np.ndarray) -> str:
    """A hash of every pixel, and the shape."""
    digest = hashlib.sha256(np.ascontiguousarray(images).data).hexdigest()
    return f"{digest[:16]} {images.shape}"


def describe_optimizer(optimizer: keras.optimizers.Optimizer) -> Any:
    """An optimizer's settings, without its name."""
    config = _without_names(optimizer.get_config())
    return json.loads(json.dumps(config, sort_keys=True, default=_class_name))


def differences(before: Mapping[str, Any], now: Mapping[str, Any], where: str) -> str:
    """The settings in which two runs differ, of those that both have; empty if there is none."""
    return "; ".join(
        f"{key}: {before[key]} {where}, {now[key]} now"
        for key in now
        if key in before and before[key] != now[key]
    )


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
        return {k: _without_names(v) for k, v in config.items() if k != "name"}
    if isinstance(config, (list, tuple)):
        return [_without_names(value) for value in config]
    return float(config) if isinstance(config, np.floating) else config


def _class_name(value: object) -> str:
    return type(value).__name__
