"""Plain Markdown from MyST Markdown: what does the same in every notebook program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

from .directives import Directive, read_directive
from .references import References, has_scheme

# Those of docutils; an admonition has a title of its own.
BOXES = frozenset({"admonition", "attention", "caution", "danger", "error", "hint", "important"})
BOXES |= {"note", "seealso", "tip", "warning"}
# What the book's pages show nothing of.
UNSEEN = frozenset({"myst_target", "myst_line_comment", "myst_block_break"})
# What every program shows alike.
AS_IT_STANDS = frozenset({"amsmath", "code_block", "fence", "html_block", "math_block"})
# What programs without MyST show as it stands: the parser's names for it.
MYST = UNSEEN | {"colon_fence", "dl_open", "footnote_ref", "footnote_reference_open", "myst_role"}
MYST |= {"math_block_label", "substitution_block", "substitution_inline"}

# In running text: a role or a link to rewrite, or code or a formula to leave alone.
_INLINE = re.compile(
    r"\\[\\`$\[\]]"
    r"|\{(?P<role>[A-Za-z][\w:+-]*)\}(?P<fence>`+)(?P<content>[^`]+)(?P=fence)"
    r"|(?P<ticks>`+)(?!`)[\s\S]*?[^`](?P=ticks)(?!`)"
    r"|\$\$[\s\S]*?\$\$|\$[^$]+\$"
    r"|(?P<picture>!\[[^\]]*)?\]\((?P<target>[^()\s]+)\)"
)


@dataclass(frozen=True)
class Block:
    """A piece of a text: a heading, a directive, an equation, or anything else."""

    source: str
    token: Token
    directive: Directive | None

    @property
    def level(self) -> int:
        """The level of the heading that it is, or 0."""
        return int(self.token.tag[1]) if self.token.type == "heading_open" else 0


class Markdown:
    """The text of one chapter."""

    def __init__(self, parser: MarkdownIt, references: References) -> None:
        self._parser, self._references = parser, references

    def blocks(self, source: str) -> Iterator[Block]:
        """Cut a text into its blocks."""
        lines, end = source.splitlines(), 0
        for token in self._parser.parse(source):
            if token.level or token.map is None:
                continue
            first, last = token.map
            self._check_empty(lines[end:first])
            end = max(end, last)
            if token.type not in UNSEEN:
                yield Block("\n".join(lines[first:last]).rstrip(), token, read_directive(token))
        self._check_empty(lines[end:])

    def _check_empty(self, lines: list[str]) -> None:
        left = "\n".join(lines).strip()
        if left:
            raise self._references.error(f"there is no plain form for {left!r}")

    def plain(self, block: Block) -> str:
        """Return a block as plain Markdown."""
        if block.directive is not None:
            text = self._directive(block.directive)
        elif block.token.type == "math_block_label":
            text = self._equation(block.token.content, block.token.info)
        elif block.token.type in AS_IT_STANDS:
            return block.source
        else:
            text = _INLINE.sub(self._inline, block.source)
        self._check_plain(text)
        return text

    def text(self, source: str) -> str:
        """Return a text of several blocks as plain Markdown."""
        return "\n\n".join(map(self.plain, self.blocks(source)))

    def box(self, directive: Directive) -> tuple[str, str]:
        """Return the title and the text of a box."""
        own = directive.argument if directive.name == "admonition" else ""
        title = own or {"seealso": "See also"}.get(directive.name, directive.name.capitalize())
        # Docutils takes what follows the name of a box without a title as its first line.
        first = "" if own else directive.argument
        return title, self.text(f"{first}\n{directive.body}".strip("\n"))

    def _directive(self, directive: Directive) -> str:
        name, references = directive.name, self._references
        if name in BOXES:
            title, text = self.box(directive)
            quoted = f"**{title}**\n\n{text}".splitlines()
            return "\n".join(f"> {line}".rstrip() for line in quoted)
        if name == "math":
            return self._equation(directive.body, directive.options.get("label"))
        if name in ("figure", "image"):
            alt = directive.options.get("alt", "")
            picture = f"![{alt}]({references.picture(directive.argument)})"
            return picture + self._caption(directive, self.text(directive.body))
        if name == "table":
            return self.text(directive.body) + self._caption(directive, directive.argument)
        raise references.error(f"the directive {name!r} is not known")

    def _caption(self, directive: Directive, text: str) -> str:
        label = directive.options.get("name")
        if not text:
            return ""
        return "\n\n" + self.caption(label, text) if label else f"\n\n{text}"

    def caption(self, label: str, text: str) -> str:
        """Return the caption of the figure or table of that label."""
        return f"**{self._references.role('numref', label)}.** {self.text(text)}"

    def _equation(self, formula: str, label: str | None) -> str:
        number = self._references.number("displaymath", f"equation-{label}") if label else ""
        tag = f"\n\\tag{{{number}}}" if label else ""
        return f"$$\n{formula.strip()}{tag}\n$$"

    def _inline(self, found: re.Match[str]) -> str:
        if found["role"]:
            return self._references.role(found["role"], found["content"])
        if found["target"]:
            into = self._references.picture if found["picture"] else self._references.link
            return f"{found['picture'] or ''}]({into(found['target'])})"
        return found[0]

    def _check_plain(self, text: str) -> None:
        for token in self._parser.parse(text):
            for part in [token, *(token.children or [])]:
                if part.type in MYST or read_directive(part):
                    what = part.content.strip() or text
                    raise self._references.error(f"there is no plain form for {what!r}")
                target = part.attrs.get("href") or part.attrs.get("src")
                if target and not has_scheme(str(target)):
                    raise self._references.error(f"the link {target!r} leads nowhere from Colab")
