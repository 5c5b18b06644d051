"""The file of an image cache, which grows by blocks until it is whole."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from ._files import UNFINISHED
from ._pictures import Size

_BLOCK = 256  # pictures in a block: what an interruption can cost
_BLOCK_BYTES = 2**24  # of large images, a block has fewer


class CacheFile:
    """One `.npy` file of `uint8` images, with a manifest beside it.

    The manifest is a file of JSON lines: the settings, then for each block the names of its images,
    the sizes that their pictures had, the pictures that were refused, and the SHA-256 of its
    pixels; in the last line, the number of all images. While they grow, both files have hidden
    names. What a process that died has left is used again, as far as its checksums hold.
    """

    def __init__(self, path: Path, size: Size) -> None:
        self.path, self.size = path, size
        self._row_bytes = int(np.prod(size))
        self.block = min(max(_BLOCK_BYTES // self._row_bytes, 1), _BLOCK)
        self.manifest = path.with_suffix(".jsonl")
        self._growing = path.with_name(f".{path.name}{UNFINISHED}")
        self._journal = path.with_name(f".{self.manifest.name}{UNFINISHED}")

    def finish_naming(self) -> bool:
        """Whether there is a whole file, which gets its name if a process died just before that."""
        if self.manifest.exists() and self._growing.exists() and not self._journal.exists():
            os.replace(self._growing, self.path)
        return self.path.exists()

    def forget(self) -> None:
        """Delete what is unfinished."""
        for path in (self._growing, self._journal):
            path.unlink(missing_ok=True)

    def settings(self) -> dict[str, Any]:
        """The settings in the manifest; none if there is none, or a file of another kind."""
        first = next((line for _, line in _lines(self.manifest)), {})
        return first if "image_size" in first else {}

    def refused(self) -> Iterator[tuple[str, str]]:
        """Each picture that was refused so far, with the reason."""
        for _, line in _lines(self._journal if self._journal.exists() else self.manifest):
            yield from line.get("refused", {}).items()

    def check(self) -> None:
        """Raise `ValueError` unless every byte of the whole file is as it was written."""
        remedy = "; delete it to have it made again"
        rows, pictures = 0, None
        with open(self.path, "rb") as data:
            header = data.read(len(self._header(0)))
            for _, line in _lines(self.manifest):
                pictures = line.get("pictures")
                if "sha256" not in line:
                    continue
                end = rows + len(line["names"])
                if not self._follows(data, line):
                    raise ValueError(f"{self.path}: images {rows} to {end - 1} are damaged{remedy}")
                rows = end
            if (pictures, header, data.read(1)) != (rows, self._header(rows), b""):
                raise ValueError(f"{self.path} or its manifest is damaged{remedy}")

    def begin(self, settings: Mapping[str, Any]) -> int:
        """Open the file to go on with it, and return how many pictures were done before."""
        length, rows, done = self._kept(settings)
        first = json.dumps(settings).encode() + b"\n"
        for path, start, end in (
            (self._journal, first, length or len(first)),
            (self._growing, self._header(0), len(self._header(0)) + rows * self._row_bytes),
        ):
            if not length:
                path.write_bytes(start)
            os.truncate(path, end)
        self._data, self._notes = self._growing.open("r+b"), self._journal.open("r+b")
        self._data.seek(0, os.SEEK_END)
        self._notes.seek(0, os.SEEK_END)
        self.rows = rows
        return done

    def add(self, images: Mapping[str, np.ndarray], notes: Mapping[str, Any]) -> None:
        """Append a block: images by name, and what else its line in the manifest says."""
        pixels = b"".join(image.tobytes() for image in images.values())
        self._data.write(pixels)
        self._data.flush()  # before the line that vouches for them
        digest = hashlib.sha256(pixels).hexdigest()
        self._note({"names": list(images), **notes, "sha256": digest})
        self.rows += len(images)

    def finish(self) -> None:
        """Give the file its name."""
        self._note({"pictures": self.rows})
        self._data.seek(0)
        self._data.write(self._header(self.rows))
        for file in (self._data, self._notes):
            file.flush()
            os.fsync(file.fileno())
        self.close()  # Windows renames no file that is open
        os.replace(self._journal, self.manifest)
        os.replace(self._growing, self.path)

    def close(self) -> None:
        """Close what `begin` opened."""
        self._data.close()
        self._notes.close()

    def _header(self, rows: int) -> bytes:
        """How an `.npy` file begins. NumPy pads it: it has one length for all numbers of rows."""
        header = io.BytesIO()
        entries = {"descr": "|u1", "fortran_order": False, "shape": (rows, *self.size)}
        np.lib.format.write_array_header_1_0(header, entries)
        return header.getvalue()

    def _follows(self, data: IO[bytes], line: Mapping[str, Any]) -> bool:
        """Whether the pixels of a block come next in the file."""
        pixels = data.read(len(line["names"]) * self._row_bytes)
        return bool(hashlib.sha256(pixels).hexdigest() == line["sha256"])

    def _kept(self, settings: Mapping[str, Any]) -> tuple[int, int, int]:
        """What is good of an unfinished file: bytes of its journal, images, pictures done."""
        length, rows, done = 0, 0, 0
        if not self._growing.exists():
            return length, rows, done
        with open(self._growing, "rb") as data:
            data.seek(len(self._header(0)))
            for end, line in _lines(self._journal):
                if length == 0 and line != settings:
                    break
                if length:
                    if "sha256" not in line or not self._follows(data, line):
                        break
                    rows += len(line["names"])
                    done += len(line["names"]) + len(line["refused"])
                length = end
        return length, rows, done

    def _note(self, line: Mapping[str, Any]) -> None:
        self._notes.write(json.dumps(line).encode() + b"\n")
        self._notes.flush()


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each whole line of a file of JSON lines, and where it ends."""
    if not path.exists():
        return
    end = 0
    with open(path, "rb") as file:
        for text in file:
            end += len(text)
            try:
                line = json.loads(text) if text.endswith(b"\n") else None
            except ValueError:
                return
            if not isinstance(line, dict):
                return
            yield end, line
