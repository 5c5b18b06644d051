"""Checks of arguments, shared by the whole package.

Every check raises before any work starts, and its message names the argument, what was given and
what was expected. A wrong kind of thing (a string for a number, `uint8` for floats) is a
`TypeError`; the right kind with a wrong value is a `ValueError`.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

LARGEST_SEED = 2**63 - 1
LARGEST_SIDE = 2**16 - 1  # pixels, in JPEG and GIF
MOST_DOUBLINGS = 8  # 4 → 1024; channels double, too, and the weights grow with their square
_LARGEST_COUNT = 2**31 - 1  # what counts in 32 bits is not to overflow


def check_integer(name: str, value: Any, *, minimum: int, maximum: int = _LARGEST_COUNT) -> int:
    """Return `value` as an `int` in [minimum, maximum], or raise."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {value!r} ({type(value).__name__})")
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {_shown(value)}")
    if value > maximum:
        raise ValueError(f"{name} must be at most {maximum}, got {_shown(value)}")
    return int(value)


def _shown(value: Any) -> str:
    """A number for a message; Python refuses to write one of more than 4,300 digits."""
    bits = int(value).bit_length() if isinstance(value, (int, np.integer)) else 0
    return f"an integer of {bits} bits" if bits > 128 else str(value)


def check_seed(name: str, value: Any) -> int:
    """Return `value` as a seed: an `int` in [0, 2**63)."""
    return check_integer(name, value, minimum=0, maximum=LARGEST_SEED)


def check_number(name: str, value: Any, interval: str) -> float:
    """Return `value` as a `float` in an interval such as "[0, 1)", or raise."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(
        value, (int, float, np.integer, np.floating)
    ):
        raise TypeError(f"{name} must be a number, got {value!r} ({type(value).__name__})")
    low, high = map(float, interval[1:-1].split(","))
    excluded = {low} if interval.startswith("(") else set()
    excluded |= {high} if interval.endswith(")") else set()
    try:
        number = float(value)
    except OverflowError:  # an integer that is larger than every float
        number = float("nan")
    if not low <= number <= high or number in excluded:  # NaN is in none
        raise ValueError(f"{name} must be in {interval}, got {_shown(value)}")
    return number


def check_choice(name: str, value: Any, choices: Sequence[str]) -> str:
    """Return `value` if it is one of `choices`, or raise."""
    check_instance(name, value, str)
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}")
    return str(value)


def check_one_each(name: str, value: Any, n: int, of: str) -> list[Any]:
    """Return `value` as a list of `n` things, one for each `of`, or raise."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise TypeError(f"{name} must be a list, one for each of {n} {of}, got {value!r}")
    values = list(value)
    if len(values) != n:
        raise ValueError(f"{name} must be one for each of {n} {of}, got {len(values)}")
    return values


def check_instance(name: str, value: Any, kind: type) -> None:
    """Raise unless `value` is an instance of `kind`."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be a {kind.__name__}, got {type(value).__name__}")


def check_callable(name: str, value: Any) -> None:
    """Raise unless `value` is None or can be called."""
    if value is not None and not callable(value):
        raise TypeError(f"{name} must be a function, got {value!r} ({type(value).__name__})")


def check_array(name: str, value: Any) -> np.ndarray:
    """Return `value` as a numeric NumPy array that is not empty, or raise."""
    try:
        array = np.asarray(value)
    # Ragged lists, symbolic tensors, tensors of another framework that say what they need.
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(
            f"{name} must be an array of numbers (not a tensor inside tf.function or "
            f"tf.data's map), got {type(value).__name__}{_advice(value)}"
        ) from error
    if array.dtype == tf.bfloat16.as_numpy_dtype:  # NumPy does not count it among its floats
        array = array.astype(np.float32)
    if array.dtype.kind not in "uif":
        raise TypeError(
            f"{name} must be an array of numbers, got {type(value).__name__} of dtype "
            f"{array.dtype}{_advice(value)}"
        )
    if array.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {array.shape}")
    return array


def _advice(value: Any) -> str:
    """How to make an array of what is none, in a message; empty if nothing is known."""
    if isinstance(value, tf.data.Dataset):
        return (
            "; np.concatenate(list(dataset.as_numpy_iterator())) is the array of its batches, and "
            "cache_images(dataset, ...) a file of its pictures, of any number"
        )
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return f"; give one of its arrays: {', '.join(f'.{field}' for field in value._fields)}"
    if isinstance(value, (list, tuple)):
        return "; its items must all have one shape (load_image_folder brings pictures to one)"
    return ""


def check_floats(name: str, value: Any) -> np.ndarray:
    """Return `value` as a finite array of floats, or raise."""
    array = check_array(name, value)
    if array.dtype.kind != "f":
        raise TypeError(f"{name} must be floats, got dtype {array.dtype}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, got NaN or infinity")
    return array


def check_shape(name: str, array: np.ndarray, shape: Sequence[int | str]) -> None:
    """Raise unless `array` has this shape; a word in it stands for a length of any size."""
    if array.ndim == len(shape) and all(
        isinstance(expected, str) or given == expected
        for given, expected in zip(array.shape, shape, strict=True)
    ):
        return
    expected = f"({', '.join(map(str, shape))})" if len(shape) > 1 else f"({shape[0]},)"
    hint = ""
    if array.ndim == 3 and len(shape) == 4:
        hint = "; a last axis of 1 is missing: images[..., np.newaxis]"
    raise ValueError(f"{name} must have shape {expected}, got {array.shape}{hint}")


def check_images(
    name: str,
    value: Any,
    *,
    pixels: bool = True,
    floats: bool = True,
    shape: Sequence[int] | None = None,
    minimum: int = 1,
) -> np.ndarray:
    """Return `value` as images `(n, height, width, channels)`, or raise.

    Args:
        name: what the messages call it.
        value: the images.
        pixels: whether `uint8` in [0, 255] will do.
        floats: whether floats in [-1, 1] will do; they are returned as `float32`.
        shape: the `(height, width, channels)` that they must have; None takes any.
        minimum: how many there must be.
    """
    images = check_array(name, value)
    is_pixels = images.dtype == np.uint8
    to_pixels = '; of whole numbers from 0 to 255, images.astype("uint8") makes pixels' + (
        "" if pixels else ", and dcgan_helpers.normalize floats of those"
    )
    if not (is_pixels and pixels) and not (images.dtype.kind == "f" and floats):
        kinds = ["uint8 pixels in [0, 255]"] * pixels + ["floats in [-1, 1]"] * floats
        raise TypeError(
            f"{name} must be {' or '.join(kinds)}, got dtype {images.dtype}"
            + ("; dcgan_helpers.normalize turns uint8 into floats" if is_pixels else to_pixels)
        )
    check_shape(name, images, ("n", *(shape or ("height", "width", "channels"))))
    if len(images) < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {len(images)}")
    if is_pixels:
        return images
    low, high = float(images.min()), float(images.max())
    if not (low >= -1 and high <= 1):  # NaN is neither
        raise ValueError(
            f"{name} must be floats in [-1, 1], got "
            + ("NaN" if np.isnan(low) else f"values from {low:.8g} to {high:.8g}{to_pixels}")
        )
    if pixels and 0 <= low < high:  # where a reader's own images come in
        warnings.warn(
            f"{name} should be floats in [-1, 1], where black is -1, got none below 0; if they are "
            "in [0, 1], give 2 * images - 1",
            stacklevel=3,
        )
    return images.astype(np.float32, copy=False)


def check_image_shape(name: str, value: Any, doublings: int = 2) -> tuple[int, int, int]:
    """Return `value` if it is `(height, width, channels)` that so many doublings make, or raise."""
    try:
        height, width, channels = value
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be (height, width, channels), got {value!r}") from None
    factor = 2**doublings
    for side, size in (("height", height), ("width", width)):
        check_integer(f"{name}'s {side}", size, minimum=factor, maximum=LARGEST_SIDE)
        if size % factor:
            below = int(size) // factor * factor
            raise ValueError(
                f"{name}'s {side} must be a multiple of {factor}, for {doublings} doublings, got "
                f"{size}; the nearest are {below} and {below + factor}"
            )
    check_integer(f"{name}'s channels", channels, minimum=1)
    return int(height), int(width), int(channels)


def check_noise(name: str, value: Any, noise_dim: int | None = None) -> np.ndarray:
    """Return `value` as finite `float32` noise `(n, noise_dim)`, or raise."""
    noise = check_floats(name, value)
    check_shape(name, noise, ("n", noise_dim or "noise_dim"))
    return noise.astype(np.float32, copy=False)


def check_logits(name: str, value: Any) -> tf.Tensor:
    """Return `value` as `float32` logits `(n, 1)` or `(n,)`, or raise.

    Values are looked at only where there are any: not while a `tf.function` is traced.
    """
    if not tf.is_symbolic_tensor(value):
        check_floats(name, value)
    logits = tf.convert_to_tensor(value)
    if not logits.dtype.is_floating:
        raise TypeError(f"{name} must be floats, got dtype {logits.dtype.name}")
    shape = logits.shape
    if shape.rank not in (1, 2) or (shape.rank == 2 and shape[1] not in (1, None)):
        raise ValueError(f"{name} must have shape (n, 1) or (n,), got {tuple(shape)}")
    return tf.cast(logits, tf.float32)


def check_folder(name: str, value: Any, *, must_exist: bool = False) -> Path:
    """Return `value` as the path of a folder, or raise if something else is in the way."""
    path = _path(name, value)
    if path.exists() and not path.is_dir():
        raise NotADirectoryError(f"{name} must be a folder, got the file {path}")
    if must_exist and not path.exists():
        raise FileNotFoundError(f"{name} must be a folder that exists, got {path}")
    return path


def check_file(name: str, value: Any) -> Path:
    """Return `value` as the path of a file that exists, or raise."""
    path = _path(name, value)
    if path.is_dir():
        raise IsADirectoryError(f"{name} must be a file, got the folder {path}")
    if not path.exists():
        raise FileNotFoundError(f"{name} must be a file that exists, got {path}")
    return path


def check_new_file(name: str, value: Any, suffix: str) -> Path:
    """Return `value` as the path of a file to write, or raise."""
    path = _path(name, value)
    if path.is_dir():
        raise IsADirectoryError(f"{name} must be a file, got the folder {path}")
    if path.suffix.lower() != suffix:
        raise ValueError(f"{name} must end in {suffix}, got {path.name!r}")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{name} must be in a folder that exists, got {path}")
    return path


def _path(name: str, value: Any) -> Path:
    text = os.fspath(value) if isinstance(value, (str, os.PathLike)) else None
    if not isinstance(text, str):
        raise TypeError(f"{name} must be a path, got {value!r} ({type(value).__name__})")
    if not text or "://" in text:  # of an address, a folder of that name would be made
        raise ValueError(f"{name} must be a path on this machine, got {text!r}")
    try:
        path = Path(text).expanduser()
        with suppress(FileNotFoundError, NotADirectoryError):
            path.stat()
    except (OSError, RuntimeError, ValueError) as error:  # too long, a null byte, nobody's home
        reason = f"got {text!r}: {getattr(error, 'strerror', None) or error}"
        raise ValueError(f"{name} must be a path that can be used, {reason}") from error
    return path
