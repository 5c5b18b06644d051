"""What a site needs besides its pages: a root address, a page for what is not there, a sitemap."""

from __future__ import annotations

import html
from pathlib import Path

from sphinx.application import Sphinx

from .description import beginning

BARE = """\
<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
{head}
<style>
:root {{ color-scheme: light dark; }}
body {{ max-width: 34rem; margin: 15vh auto; padding: 0 1.5rem; }}
body {{ font: 1.125rem/1.6 system-ui, sans-serif; }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""


def bare_page(app: Sphinx, title: str, head: list[str], body: str) -> str:
    """Return a page that stands for itself, without the theme."""
    return BARE.format(
        language=app.config.language, title=html.escape(title), head="\n".join(head), body=body
    )


def root_page(app: Sphinx) -> str:
    """Return the page at the book's root address, which leads on to the landing page."""
    base, first = app.config.html_baseurl, f"{app.config.root_doc}.html"
    title, image = app.config.html_title, app.config.ogp_image
    about = html.escape(beginning(app.env.get_doctree(app.config.root_doc)))
    named = {"description": about, "twitter:card": "summary_large_image"}
    properties = {
        "og:title": html.escape(title),
        "og:type": "website",
        "og:url": f"{base}{first}",
        "og:description": about,
        "og:image": f"{base}{image}",
        "og:image:alt": html.escape(app.config.ogp_image_alt),
    }
    head = [
        f'<meta http-equiv="refresh" content="0; url={first}">',
        f'<link rel="canonical" href="{base}{first}">',
        *(f'<meta name="{name}" content="{text}">' for name, text in named.items()),
        *(f'<meta property="{name}" content="{text}">' for name, text in properties.items()),
    ]
    return bare_page(app, title, head, f'<p><a href="{first}">Open the book</a></p>')


def missing_page(app: Sphinx) -> str:
    """Return the page that a host shows where there is none, at whatever depth: links are whole."""
    base = app.config.html_baseurl
    links = {app.config.root_doc: "The book's first page", "search": "Search the book"}
    body = "".join(f'<li><a href="{base}{to}.html">{text}</a></li>' for to, text in links.items())
    robots = '<meta name="robots" content="noindex">'
    return bare_page(
        app, "There is no such page", [robots], f"<p>Try one of these:</p><ul>{body}</ul>"
    )


def sitemap(app: Sphinx) -> str:
    """Return the list of the book's pages, for search engines."""
    lines = [
        f"<url><loc>{html.escape(app.config.html_baseurl)}{page}.html</loc></url>"
        for page in sorted(app.env.found_docs)
    ]
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    rows = "\n".join(lines)
    return f'<?xml version="1.0" encoding="utf-8"?>\n<urlset xmlns="{space}">\n{rows}\n</urlset>\n'


def write_site(app: Sphinx, error: Exception | None) -> None:
    """Write these files beside the pages."""
    if error is not None or app.builder.format != "html":
        return
    files = {
        "index.html": root_page(app),
        "404.html": missing_page(app),
        "sitemap.xml": sitemap(app),
    }
    for name, text in files.items():
        Path(app.outdir, name).write_text(text, encoding="utf-8")
