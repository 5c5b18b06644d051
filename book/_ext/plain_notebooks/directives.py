"""How a directive of MyST Markdown is written: its name, its argument, its options, its text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from markdown_it.token import Token

_INFO = re.compile(r"\{(?P<name>[\w:+-]+)\}\s*(?P<argument>.*)", re.DOTALL)
_OPTION = re.compile(r":(?P<key>[\w-]+):[ \t]*(?P<value>.*)(?:\n|$)")


@dataclass(frozen=True)
class Directive:
    """What stands between the fences of a directive, taken apart."""

    name: str
    argument: str
    options: dict[str, str]
    body: str


def read_directive(token: Token) -> Directive | None:
    """Return the directive that a fence is, or None if it is a block of code."""
    info = _INFO.fullmatch(token.info.strip())
    if token.type not in ("colon_fence", "fence") or info is None:
        return None
    options, body = {}, token.content
    while option := _OPTION.match(body):
        options[option["key"]] = option["value"].strip()
        body = body[option.end() :]
    return Directive(info["name"], info["argument"].strip(), options, body.strip("\n"))
