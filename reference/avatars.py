"""Draw the avatars that the package ships as pixels: `dcgan_helpers/files/avatars.npz`.

    npm install @dicebear/core@9.4.3 @dicebear/pixel-art@9.4.3
    pip install resvg-py==0.5.0
    node avatars.mjs 10000 > avatars.txt
    python avatars.py avatars.txt

DiceBear composes each avatar of parts and colours that its seed decides, on a grid of 16 × 16; here
they are drawn with 32 × 32 pixels, so that each square of the grid is four pixels of one colour.
No line of a square lies between two pixels, so there is nothing to smooth, and every renderer of
SVG makes the same pixels.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import numpy as np
import resvg_py
from PIL import Image
from results import write_arrays

from dcgan_helpers._shipped import FILES

SIDE = 32


def draw(svg: str) -> np.ndarray:
    """One avatar as `uint8` pixels `(32, 32, 3)`."""
    png = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=SIDE, height=SIDE))
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("svgs", type=Path, help="one SVG a line, as avatars.mjs prints them")
    svgs = parser.parse_args().svgs.read_text(encoding="utf-8").splitlines()
    images = np.stack([draw(svg) for svg in svgs])
    squares = images[:, ::2, ::2].repeat(2, axis=1).repeat(2, axis=2)
    assert (images == squares).all(), "a square of the grid has more than one colour"
    different = len({image.tobytes() for image in images})
    print(f"{len(images):,} avatars, {different:,} different ones")
    write_arrays(FILES / "avatars.npz", {"images": images})


if __name__ == "__main__":
    main()
