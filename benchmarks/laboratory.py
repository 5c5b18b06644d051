"""How fast the laboratory computes in a browser; and the pictures of what its settings become.

    python benchmarks/laboratory.py [BROWSER]
    python benchmarks/laboratory.py presets
    python benchmarks/laboratory.py frames

BROWSER is "chromium" or "firefox", without a window and, for its times, without a GPU. The second
form trains each setting for 200 steps and writes `book/_static/laboratory/presets.png`. The third
does so on the page of the built book, with the first setting, and writes `laboratory.png` here.
"""

from __future__ import annotations

import io
import json
import re
import sys
import tempfile
from pathlib import Path

import numpy as np
from _common import print_machine, print_table
from PIL import Image, ImageDraw, ImageFont

from tools.address import ROOT
from tools.browsers import find_browser
from tools.laboratory_browser import Computer
from tools.laboratory_kernel import FOLDER

ROUNDS = 30
LOOKS = (10, 50, 200)
TITLES = {
    "balanced": "Balanced: the quick recipe",
    "strong": "The critic is too strong",
    "collapse": "Collapse",
    "asleep": "The critic sleeps",
    "momentum": "Momentum 0.9",
}


def measure(browser: str) -> None:
    """Print the times of one browser."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        computer = Computer(browser, Path(profile))
        got = computer("time", rounds=ROUNDS)
        computer.close()
    print_machine()
    header = [
        "browser",
        "a product of 256 × 256, ms",
        "GFLOP/s",
        "sixteen images, ms",
        "a step, ms",
    ]
    row = (got["product"], got["gigaflops"], got["images"], got["step"])
    print_table(header, [[browser, *(f"{number:.3g}" for number in row)]])


def draw_presets() -> None:
    """Train each setting, and write what became of it."""
    text = (FOLDER / "train.js").read_text(encoding="utf-8")
    presets = dict(re.findall(r"^  (\w+): (\{.*\}),$", text, re.M))
    settings = {"noise": 100, "side": 28, "filters": 16, "batch": 16, "seed": 1}
    rows = {}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        computer = Computer("chromium", Path(profile))
        for name in TITLES:
            rates = json.loads(re.sub(r"(\w+):", r'"\1":', presets[name]))
            got = computer("outcome", settings=settings, rates=rates, steps=LOOKS[-1], looks=LOOKS)
            rows[name] = [np.float32(got["shown"][str(step)]) for step in LOOKS]
            print(name, flush=True)
        computer.close()
    picture(rows).save(FOLDER / "presets.png", optimize=True)


def picture(rows: dict[str, list[np.ndarray]]) -> Image.Image:
    """Return all settings below each other, each with its title and its three grids."""
    side, gap, line = 224, 12, 26
    width = len(LOOKS) * (side + gap) + gap
    sheet = Image.new("L", (width, len(rows) * (side + line + gap) + line + gap), 255)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(17)
    for column, step in enumerate(LOOKS):
        pen.text((gap + column * (side + gap), 6), f"{step} steps", 0, font)
    for row, (name, grids) in enumerate(rows.items()):
        top = line + row * (side + line + gap)
        pen.text((gap, top + 3), TITLES[name], 0, font)
        for column, images in enumerate(grids):
            grid = images.reshape(4, 4, 28, 28).transpose(0, 2, 1, 3).reshape(112, 112)
            pixels = Image.fromarray(np.rint((grid + 1) * 127.5).astype(np.uint8))
            place = (gap + column * (side + gap), top + line)
            sheet.paste(pixels.resize((side, side), Image.Resampling.NEAREST), place)
    return sheet.quantize(16)


def record_frames() -> None:
    """Train on the page itself, step by step, and write what it shows after some of them."""
    from playwright.sync_api import sync_playwright

    page = ROOT / "_build" / "html" / "book" / "laboratory.html"
    if not page.is_file():
        sys.exit("build the book first: `jupyter-book build .`")
    frames = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        tab = browser.new_page(viewport={"width": 1000, "height": 1400})
        tab.set_default_timeout(180_000)
        tab.goto(page.as_uri())
        part = tab.locator("[data-laboratory=train]")
        part.locator(".lab-load").click()
        for step in range(1, LOOKS[-1] + 1):
            part.locator("[name=step]").click()
            tab.wait_for_selector(f"[data-laboratory=train][data-step='{step}']")
            if step in LOOKS:
                shown = part.locator(".lab-columns").first.screenshot()
                frames.append(Image.open(io.BytesIO(shown)).convert("RGB"))
        browser.close()
    width, height = frames[0].size
    sheet = Image.new("RGB", (width, len(frames) * (height + 34)), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(17)
    for place, (step, frame) in enumerate(zip(LOOKS, frames, strict=True)):
        top = place * (height + 34)
        pen.text((4, top + 8), f"{step} steps", "black", font)
        sheet.paste(frame, (0, top + 34))
    sheet.quantize(48).save(Path(__file__).with_suffix(".png"), optimize=True)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["frames"]:
            record_frames()
        case ["presets"]:
            draw_presets()
        case [] | ["chromium" | "firefox"]:
            measure((sys.argv[1:] or ["chromium"])[0])
        case _:
            sys.exit(__doc__)
