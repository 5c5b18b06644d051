"""Pictures of any number, decoded once into a file that training reads by the batch."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import warnings
from collections.abc import Generator, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from ._cache_file import CacheFile
from ._checks import check_instance, check_new_file
from ._decoding import Decoded, decode_files, decode_items
from ._lock import locked
from ._messages import shown
from ._pictures import check_size, list_pictures
from ._run_config import differences


def cache_image_folder(
    path: str | os.PathLike[str],
    file: str | os.PathLike[str],
    *,
    image_size: tuple[int, int],
    channels: int,
    strict: bool = False,
    progress: bool = True,
) -> np.ndarray:
    """Decode every picture of a folder once, into a file; for folders of any size.

    What `load_image_folder` holds in memory is written into a file instead, of the same pixels in
    the same order, and is read from there by the batch. Pictures are decoded on all processors at
    once. The file appears when it is complete. Whatever interrupts the work, the same call goes on
    where it was; when the file is there, it compares its checksums and returns at once.

    Pictures are told apart by their names and lengths in bytes: after editing one, delete the file.

    A picture is refused, and left out, if it cannot be read to its end, or if it has less than half
    of the width or the height that is asked for, since most of its pixels would be made up. A
    warning counts them and names the first.

    Args:
        path: the folder, read as by `load_image_folder`.
        file: the file to make, which ends in `.npy`; it takes `height * width * channels` bytes for
            each picture. Beside it comes a manifest, of the same name with the end `.jsonl`: JSON
            lines with the settings, each picture's name and size, those refused and why, and a
            SHA-256 for every 256 pictures.
        image_size: `(height, width)` of the images.
        channels: 1 for grey, 3 for colour.
        strict: whether to raise at the first picture that is refused.
        progress: whether to show a progress bar.

    Returns:
        A read-only `np.memmap`, `uint8 (n, height, width, channels)`, as
        `np.load(file, mmap_mode="r")` returns it: `train` takes it like an array, and holds no
        more of it in memory than the images of a batch.

    Raises:
        FileNotFoundError: there is no such folder, or no picture in it.
        FileExistsError: `file` was not made by this function.
        ValueError: `file` was made of other pictures or with other settings, or is damaged; or no
            picture can be read, or, if strict, one of them.
        BlockingIOError: another process is making the file.
        OSError: the disk is full, or a drive does not answer; what was done is kept.

    Example:
        >>> from PIL import Image
        >>> Image.new("RGB", (60, 40), "white").save("white.png")
        >>> options = {"image_size": (32, 32), "channels": 3}
        >>> images = cache_image_folder(".", "images.npy", **options, progress=False)
        >>> images.shape, images.flags.writeable
        ((1, 32, 32, 3), False)
    """
    cache = CacheFile(check_new_file("file", file, ".npy"), check_size(image_size, channels))
    check_instance("strict", strict, bool)
    folder, names, passed_over = list_pictures(path)
    if passed_over:
        warnings.warn(f"{folder}{passed_over}", stacklevel=2)
    settings = _settings(cache) | {
        "pictures": len(names),
        "names_and_bytes": _fingerprint(folder, names),
    }
    if cache.path.exists():
        _check_made_of(cache, settings)
    else:
        with _locked(cache):
            if cache.finish_naming():
                _check_made_of(cache, settings)
            else:
                _check_manifest(cache)
                done = cache.begin(settings)
                pictures = decode_files(folder, names[done:], cache.size)
                _fill(cache, pictures, strict, progress, initial=done, total=len(names))
    return _opened(cache, strict)


def cache_images(
    images: Iterable[Any],
    file: str | os.PathLike[str],
    *,
    image_size: tuple[int, int],
    channels: int,
    strict: bool = False,
    progress: bool = True,
) -> np.ndarray:
    """Write pictures from anywhere into a file, as `cache_image_folder` does those of a folder.

    They may come from a `tf.data.Dataset`, a Hugging Face dataset, or any other Python iterable,
    which is gone through once. Interrupted, it begins anew, since nothing tells whether an iterable
    gives the same pictures again.

    Args:
        images: an iterable of pictures: `uint8` arrays or tensors `(height, width)` or `(height,
            width, channels)`, with 1, 3 or 4 channels (the fourth is opacity), or batches of them;
            or Pillow's images. In a tuple the picture comes first; in a dictionary it is called
            "image" or "img".
        file: the file to make, as for `cache_image_folder`. The names in its manifest are numbers.
        image_size: `(height, width)` to bring them to, as `load_image_folder` does.
        channels: 1 for grey, 3 for colour.
        strict: whether to raise at the first picture that is refused.
        progress: whether to show a progress bar.

    Returns:
        A read-only `np.memmap`, `uint8 (n, height, width, channels)`.

    Raises:
        FileExistsError: there is such a file. `np.load(file, mmap_mode="r")` opens it.
        TypeError: something in `images` is no picture, or one in floats.
        ValueError: `images` never ends, has no picture, or, if strict, one that is refused.
        BlockingIOError: another process is making the file.

    Example:
        >>> dataset = tf.data.Dataset.from_tensor_slices(load_mnist().test_images[:300])
        >>> images = cache_images(dataset, "d.npy", image_size=(28, 28), channels=1, progress=False)
        >>> bool((images == load_mnist().test_images[:300]).all())
        True
    """
    cache = CacheFile(check_new_file("file", file, ".npy"), check_size(image_size, channels))
    check_instance("strict", strict, bool)
    if isinstance(images, (str, os.PathLike)) or not isinstance(images, Iterable):
        raise TypeError(
            f"images must be an iterable of pictures, got {type(images).__name__}; "
            "cache_image_folder reads a folder"
        )
    if getattr(images, "cardinality", lambda: 0)() == tf.data.INFINITE_CARDINALITY:
        raise ValueError("images must end, got a dataset that repeats itself forever")
    with _locked(cache):
        if cache.path.exists():
            raise FileExistsError(
                f"file must be new, got {cache.path}; np.load(file, mmap_mode='r') opens it"
            )
        _check_manifest(cache)
        cache.forget()
        cache.begin(_settings(cache))
        _fill(cache, decode_items(images, cache.size), strict, progress)
    return _opened(cache, strict)


def _fill(
    cache: CacheFile,
    pictures: Generator[Decoded, None, None],
    strict: bool,
    progress: bool,
    **progress_options: Any,
) -> None:
    """Write the pictures block by block, and give the file its name."""
    from tqdm.auto import tqdm

    bar = tqdm(unit=" pictures", disable=not progress, **progress_options)
    with contextlib.closing(cache), contextlib.closing(pictures), bar:
        _check_refused(cache.refused(), strict)  # of an earlier call that was interrupted
        while block := list(itertools.islice(pictures, cache.block)):
            images = {p.name: p.pixels for p in block if p.pixels is not None}
            sizes = [p.source_size for p in block if p.pixels is not None]
            refused = {p.name: p.reason for p in block if p.pixels is None}
            _check_refused(refused.items(), strict)
            cache.add(images, {"sizes": sizes, "refused": refused})
            bar.update(len(block))
        if cache.rows == 0:
            first = next(iter(cache.refused()), None)
            why = f"the first is refused: {': '.join(first)}" if first else "there are none"
            raise ValueError(f"at least one picture must be usable; {why}")
        cache.finish()


def _check_made_of(cache: CacheFile, settings: Mapping[str, Any]) -> None:
    """Raise unless the whole file was made with these settings, and is as it was made."""
    before = cache.settings()
    if not before:
        raise FileExistsError(f"file must be new or a cache, got {cache.path}, without a manifest")
    differing = differences(before, settings, "in it")
    if differing:
        raise ValueError(
            f"file holds a cache of other images ({differing}); delete {cache.path}, or give "
            "another name"
        )
    cache.check()


def _check_manifest(cache: CacheFile) -> None:
    """Raise if a file of somebody else's has the manifest's name."""
    if cache.manifest.exists() and not cache.settings():
        raise FileExistsError(
            f"file must leave room for its manifest, got {cache.path}, but {cache.manifest} is "
            "something else; give another name"
        )


def _check_refused(refused: Iterable[tuple[str, str]], strict: bool) -> None:
    for name, reason in refused if strict else ():
        raise ValueError(f"strict=True refuses a picture, {name}: {reason}")


def _opened(cache: CacheFile, strict: bool) -> np.ndarray:
    """The whole file as a memory map; what was left out is said each time."""
    refused = list(cache.refused())
    _check_refused(refused, strict)
    images = np.load(cache.path, mmap_mode="r", allow_pickle=False)
    if refused:
        warnings.warn(
            f"{len(refused)} of {len(refused) + len(images)} pictures were refused and left out, "
            f"the first is {': '.join(refused[0])}; {shown(cache.manifest)} lists them all",
            stacklevel=3,
        )
    return images


def _locked(cache: CacheFile) -> contextlib.AbstractContextManager[None]:
    """One process at a time makes a file."""
    return locked(cache.path.parent, f".{cache.path.name}.lock")


def _settings(cache: CacheFile) -> dict[str, Any]:
    height, width, channels = cache.size
    return {"image_size": [height, width], "channels": channels}


def _fingerprint(folder: Path, names: Iterable[str]) -> str:
    """A hash of the names of all files, and of their lengths in bytes."""
    digest = hashlib.sha256()
    for name in names:
        try:
            length = os.stat(folder / name).st_size
        except OSError:  # a link to nothing; it is refused when it is read
            length = -1
        digest.update(f"{name}\0{length}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()
