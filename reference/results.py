"""How the scripts of this folder write what they produced."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

import dcgan_helpers as dcgan

PACKAGE = Path(dcgan.__file__).resolve().parent  # where what is shipped belongs


def write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, and print its size and SHA-256."""
    unfinished = path.with_name(f".{path.name}.tmp")
    unfinished.write_bytes(content)
    os.replace(unfinished, path)  # whoever reads the file finds the old one or the new one, whole
    print(f"{path.name}: {len(content):,} bytes, SHA-256 {hashlib.sha256(content).hexdigest()}")


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays as a compressed file, in the same way."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    write(path, buffer.getvalue())
