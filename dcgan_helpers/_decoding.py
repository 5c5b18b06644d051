"""Pictures decoded on all processors at once, in order."""

from __future__ import annotations

import errno
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from ._pictures import Size, fit_picture, read_picture

if TYPE_CHECKING:
    from PIL import Image

_Item = TypeVar("_Item")

# Not the picture's fault but the machine's, a network drive's above all: worth another try.
_PASSING = {errno.EIO, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ETIMEDOUT, errno.ESTALE}
_AHEAD = 8  # pictures for each processor that may wait for those before them: bounds the memory


class Decoded(NamedTuple):
    """A picture as pixels, or the reason why there are none."""

    name: str
    pixels: np.ndarray | None
    source_size: tuple[int, int] | None  # width and height of the picture
    reason: str = ""


def decode_files(folder: Path, names: Iterable[str], size: Size) -> Generator[Decoded, None, None]:
    """The pictures of a folder."""
    return _in_parallel(
        lambda name: _decoded(name, lambda: read_picture(folder / name, size), size, folder),
        names,
    )


def decode_items(items: Iterable[Any], size: Size) -> Generator[Decoded, None, None]:
    """The pictures that an iterable gives, with their numbers as names.

    Raises:
        TypeError: an item is no picture.
    """

    def fit(picture: Image.Image | Exception) -> tuple[np.ndarray, tuple[int, int]]:
        if isinstance(picture, Exception):
            raise picture
        return fit_picture(picture, size)

    # What makes the pictures runs in the caller's thread, one after the other.
    pictures = (_copied(p) for i, item in enumerate(items) for p in _pictures_of(i, item))
    return _in_parallel(
        lambda item: _decoded(str(item[0]), lambda: fit(item[1]), size), enumerate(pictures)
    )


def _copied(picture: Image.Image) -> Image.Image | Exception:
    """A copy, or why there is none; the iterable may close its own, or draw the next into it."""
    try:
        copy = picture.copy()
    except Exception as error:  # whatever one of Pillow's many decoders raises
        return error
    copy.format = picture.format
    return copy


def _in_parallel(
    function: Callable[[_Item], Decoded], items: Iterable[_Item]
) -> Generator[Decoded, None, None]:
    """`function` of each item, in order; threads do, since Pillow decodes without Python's lock."""
    workers = os.cpu_count() or 1
    waiting: deque[Future[Decoded]] = deque()
    pool = ThreadPoolExecutor(workers)
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > _AHEAD * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:  # after an error or Ctrl-C, too
        pool.shutdown(cancel_futures=True)


def _decoded(
    name: str,
    decode: Callable[[], tuple[np.ndarray, tuple[int, int]]],
    size: Size,
    folder: Path = Path(),
) -> Decoded:
    try:
        pixels, (width, height) = decode()
    except Exception as error:  # Pillow lets through what its many decoders raise
        if isinstance(error, MemoryError) or getattr(error, "errno", None) in _PASSING:
            raise
        # Pillow names the file with its folder, which may be another when the reason is read.
        reason = str(error).replace(f"{folder}{os.sep}", "") or type(error).__name__
        return Decoded(name, None, None, reason)
    if 2 * width < size.width or 2 * height < size.height:
        reason = f"{width} × {height} pixels are too few for {size.width} × {size.height}"
        return Decoded(name, None, (width, height), reason)
    return Decoded(name, pixels, (width, height))


def _pictures_of(number: int, item: Any) -> Iterator[Image.Image]:
    """The picture, or pictures, in an item of an iterable."""
    from PIL import Image

    if isinstance(item, dict):
        item = next((item[key] for key in ("image", "img") if key in item), item)
    elif isinstance(item, tuple) and item:
        item = item[0]
    if isinstance(item, Image.Image):
        yield item
        return
    try:
        array = np.asarray(item)
    except (TypeError, ValueError):
        array = np.empty(0, object)
    if array.dtype != np.uint8 or array.ndim not in (2, 3, 4) or array.size == 0:
        got = f"{type(item).__name__} of {array.dtype} and shape {array.shape}"
        raise TypeError(
            "images must give uint8 pixels (height, width), (height, width, channels) or "
            f"(n, height, width, channels), or Pillow's images, got at {number} {got}"
        )
    for pixels in array if array.ndim == 4 else [array]:
        channels = pixels.shape[2] if pixels.ndim == 3 else 1
        if channels not in (1, 3, 4):
            raise TypeError(f"images must have 1, 3 or 4 channels, got {channels} at {number}")
        yield Image.fromarray(pixels[..., 0] if pixels.shape[2:] == (1,) else pixels)
