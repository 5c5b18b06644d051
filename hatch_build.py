"""What a build of the package adds to `pyproject.toml`: README.md, with addresses that are whole.

On the package index there is no repository around it: a relative link would lead nowhere.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

# [text](book/index.md) or ![text](book/a.png), but neither [text](https://…) nor [text](#part).
RELATIVE = re.compile(r"(!?)(\[[^\]]*\]\()(?!https?:|#)([^)\s]+\))")


def with_whole_addresses(text: str, repository: str) -> str:
    """Return a Markdown text whose relative links and pictures lead to the repository."""
    raw = repository.replace("github.com", "raw.githubusercontent.com")

    def whole(match: re.Match[str]) -> str:
        picture, start, path = match.groups()
        base = f"{raw}/main/" if picture else f"{repository}/blob/main/"
        return f"{picture}{start}{base}{path}"

    return RELATIVE.sub(whole, text)


class Readme(MetadataHookInterface):  # type: ignore[misc]
    """Puts the description of the package together."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set the field `readme`."""
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        repository = metadata["urls"]["Repository"]
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": with_whole_addresses(text, repository),
        }
