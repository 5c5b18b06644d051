"""How the scripts of this folder write what they produced."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from dcgan_helpers._files import write_whole
from dcgan_helpers._shipped import FILES  # where what is shipped belongs


def write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, and print its size."""
    with write_whole(path) as file:
        file.write(content)
    print(f"{path.name}: {len(content):,} bytes")


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays as a compressed file, in the same way; list its SHA-256 if it is shipped."""
    with write_whole(path) as file:
        np.savez_compressed(file, **arrays)
    print(f"{path.name}: {path.stat().st_size:,} bytes")
    if path.resolve().parent == FILES:
        list_shipped()


def list_shipped() -> None:
    """Write `SHA256SUMS`, as `sha256sum *.npz > SHA256SUMS` does in that folder."""
    digests = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(FILES.glob("*.npz"))
    }
    lines = "".join(f"{digest}  {name}\n" for name, digest in digests.items())
    write(FILES / "SHA256SUMS", lines.encode())
