"""The layers of a model, those within other layers included."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf


def all_layers(model: keras.Model) -> Iterator[keras.Layer]:
    """Every layer of a model, those within other layers included."""
    parts = tf.train.TrackableView(model).descendants()
    return (part for part in parts if isinstance(part, keras.Layer))


def all_variables(model: keras.Model) -> list[tf.Variable]:
    """Weights, the state of dropout's seeds, and what a layer keeps besides, unknown to Keras."""
    known = [variable.value for variable in model.variables]
    tracked = tf.train.TrackableView(model).descendants()
    others = [v for v in tracked if isinstance(v, tf.Variable) and not any(v is k for k in known)]
    return known + others


def compute_dtypes(model: keras.Model) -> set[str]:
    """The dtypes that the layers compute in; a model around them computes nothing itself."""
    layers = (layer for layer in all_layers(model) if not isinstance(layer, keras.Model))
    return {layer.compute_dtype for layer in layers}


def range_of_outputs(model: keras.Model) -> tuple[float, float]:
    """The least and the greatest number that the end of `model` lets through.

    The end is the activation of the last layer with weights, with all layers after it. It is tried
    with very small and very large numbers: sigmoid gives 0 and 1, relu 0 and infinity. Where the
    end is no plain chain of layers, nothing is known: (-infinity, infinity).
    """
    try:
        end: list[keras.Layer] = []
        for layer in _from_the_end(model):
            end.insert(0, layer)
            if layer.weights:
                break
        last, *after = end
        shape = (2, *last.output.shape[1:])
        numbers = tf.broadcast_to(tf.reshape([-1e4, 1e4], (2, *[1] * (len(shape) - 1))), shape)
        with warnings.catch_warnings():  # those of Keras' softmax, over one number
            warnings.simplefilter("ignore")
            values = last.activation(numbers) if hasattr(last, "activation") else numbers
            for layer in after:
                values = layer(values)
        values = np.asarray(values, np.float32)
    except Exception:  # whatever a layer of one's own raises when it is called by itself
        return -np.inf, np.inf
    return float(values.min()), float(values.max())


def _from_the_end(model: keras.Model) -> Iterator[keras.Layer]:
    if type(model) is not keras.Sequential and type(model).__name__ != "Functional":
        raise TypeError(f"{type(model).__name__} may do something else than call its layers")
    # In a functional model, an operation such as `2 * x` is no layer, but takes part, too.
    for layer in reversed(getattr(model, "operations", model.layers)):
        if isinstance(layer, keras.Model):
            yield from _from_the_end(layer)
        else:
            yield layer
