"""The size of each picture, so that nothing moves while a page loads.

A wide drawing gets a box around it, too, which scrolls on a phone.
"""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.images import get_image_size

from .translator import KEY

WIDE = 600  # pixels from which a drawing is shown in a box


def highlighted_middle(path: Path, width: int) -> float | None:
    """Return where in a drawing its highlighted part lies, from 0 (left) to 1 (right).

    The middle of the part's labels stands for that of the part.
    """
    drawing = ElementTree.parse(path)
    style = drawing.findtext("{*}style") or ""
    highlighted = re.search(r"#([\w-]+)\{opacity:1\}", style)  # by `dcgan_helpers.show_drawing`
    if highlighted is None:
        return None
    labels = drawing.iterfind(f".//*[@id='{highlighted[1]}']//{{*}}text")
    places = [float(label.attrib["x"]) for label in labels]
    return (min(places) + max(places)) / 2 / width


def size_pictures(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Give each picture of a page its width and height, and a wide drawing its box."""
    for image in list(doctree.findall(nodes.image)):
        path = Path(app.srcdir, image["uri"])
        size = get_image_size(str(path))
        if size is None:
            continue
        width, height = size
        image[KEY] = {"width": width, "height": height}
        if path.suffix == ".svg" and width >= WIDE:
            box = nodes.inline(classes=["drawing"])
            middle = highlighted_middle(path, width)
            if middle is not None:
                box[KEY] = {"data-middle": f"{middle:.3f}"}
            image.parent.replace(image, box)
            box += image
