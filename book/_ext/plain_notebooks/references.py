"""What the roles, links and pictures of a chapter stand for, as plain Markdown."""

from __future__ import annotations

import posixpath
import re
from types import SimpleNamespace
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

# Each role, with the domain of Sphinx that knows its targets, and its name there.
ROLES = {
    "cite": ("cite", "p"),
    "cite:p": ("cite", "p"),
    "cite:t": ("cite", "t"),
    "doc": ("std", "doc"),
    "eq": ("math", "eq"),
    "numref": ("std", "numref"),
    "ref": ("std", "ref"),
}
_TITLED = re.compile(r"(?P<title>.+?)\s*<(?P<target>[^<>]+)>", re.DOTALL)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_PAGE = re.compile(r"(?P<path>[\w./-]+)\.(?:ipynb|md)(?P<anchor>#[\w-]+)?")


def has_scheme(target: str) -> bool:
    """Tell whether a link is a whole URL, which leads to the same place from everywhere."""
    return _SCHEME.match(target) is not None


def _as_markdown(node: nodes.Node) -> str:
    """Return what Sphinx made of a reference; without a link where it leads to the same page."""
    if isinstance(node, nodes.Text):
        return str(node)
    inner = "".join(map(_as_markdown, node.children))
    if isinstance(node, nodes.emphasis):
        return f"*{inner}*"
    if isinstance(node, nodes.reference) and node.get("refuri"):
        return f"[{inner}]({node['refuri']})"
    return inner


class References:
    """What stands for what in one chapter, asked of Sphinx once it has read all pages."""

    def __init__(self, app: Sphinx, docname: str) -> None:
        self._env, self._docname = app.env, docname
        self._book = app.config.html_baseurl.rstrip("/")
        # Domains ask a builder for the way from page to page. Out of a notebook it is a whole URL.
        self._builder: Any = SimpleNamespace(
            name="html", format="html", env=app.env, get_relative_uri=self._uri
        )

    def error(self, message: str) -> ExtensionError:
        """Return the error that stops the build."""
        return ExtensionError(f"{self._docname}, as a plain notebook: {message}")

    def _uri(self, _: str, docname: str, typ: str | None = None) -> str:
        return f"{self._book}/{docname}.html"

    def page(self) -> str:
        """Return the URL of the chapter in the book."""
        return self._uri("", self._docname)

    def chapter_number(self) -> str:
        """Return the number of the chapter."""
        return ".".join(map(str, self._env.toc_secnumbers[self._docname][""]))

    def number(self, kind: str, label: str) -> str:
        """Return the number of an exercise or of an equation (``displaymath``)."""
        numbers = self._env.toc_fignumbers.get(self._docname, {}).get(kind, {})
        if label not in numbers:
            raise self.error(f"there is no {kind} {label!r}")
        return ".".join(map(str, numbers[label]))

    def role(self, name: str, content: str) -> str:
        """Return the text of a role as the book's page has it, such as "Fig. 5.1"."""
        if name not in ROLES:
            raise self.error(f"the role {name!r} is not known; known are {', '.join(ROLES)}")
        domain, kind = ROLES[name]
        content = " ".join(content.split())
        titled = _TITLED.fullmatch(content)
        target = titled["target"] if titled else content
        title = nodes.inline("", titled["title"] if titled else target)
        explicit = titled is not None
        xref = pending_xref("", refdoc=self._docname, refexplicit=explicit, reftarget=target)
        xref.update_all_atts({"refdomain": domain, "reftype": kind})
        found = self._env.get_domain(domain).resolve_xref(
            self._env, self._docname, self._builder, kind, target, xref, title
        )
        if found is None:
            raise self.error(f"{{{name}}}`{content}` leads nowhere")
        return _as_markdown(found)

    def link(self, target: str) -> str:
        """Return a link's target as one that leads out of the notebook to the book."""
        if has_scheme(target):
            return target
        page = _PAGE.fullmatch(target)
        docname = self._absolute(page["path"]) if page else self._docname
        if docname not in self._env.found_docs or not (page or target.startswith("#")):
            raise self.error(f"the link {target!r} leads to no page of the book")
        return f"{self._uri('', docname)}{page['anchor'] or '' if page else target}"

    def picture(self, path: str) -> str:
        """Return the URL of a picture on the book's pages."""
        if has_scheme(path):
            return path
        known = self._env.images.get(self._absolute(path))
        if known is None:
            raise self.error(f"the picture {path!r} is not on the chapter's page")
        return f"{self._book}/_images/{known[1]}"

    def _absolute(self, path: str) -> str:
        folder = posixpath.dirname(self._docname)
        return posixpath.normpath(posixpath.join(folder, path) if path[0] != "/" else path[1:])
