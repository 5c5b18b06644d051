"""Print the built book into one PDF, with a table of contents: ``python -m tools.pdf``.

The pages become one page, whose links lead within it, and which Chromium prints twice: where the
headings lie is known only once they are printed.
"""

from __future__ import annotations

import copy
import re
import sys
from pathlib import Path
from urllib.parse import urldefrag, urlsplit

import yaml
from bs4 import BeautifulSoup, Tag
from playwright.sync_api import Page, sync_playwright
from pypdf import PdfReader

from tools.address import ROOT
from tools.browsers import find_browser, served

SITE = ROOT / "_build" / "html"
NAME = "dcgan-step-by-step.pdf"
WHOLE = "whole-book.html"  # for as long as it is printed
STYLE = """
@page { size: A4; margin: 18mm 17mm 20mm; }
html { font-size: 13px; }
body { background: white; }
.bd-main, .bd-content, .bd-article-container { display: block !important; }
.bd-article { padding: 0 !important; }
.bd-article h1 { display: block !important; }
.whole-page { break-before: page; }
.whole-cover { text-align: center; padding-top: 55mm; }
.whole-cover img { width: 45mm; margin-bottom: 12mm; }
.whole-cover h1 { font-size: 3rem; }
.whole-contents li { list-style: none; }
.whole-contents ul { padding-left: 0; margin: 0; }
.whole-contents ul ul { padding-left: 6mm; font-size: .95em; }
.whole-contents > ul > li { margin-top: 1.2mm; font-weight: 600; }
.whole-contents ul ul li { font-weight: 400; }
.whole-contents a { display: flex; gap: 2mm; color: inherit; text-decoration: none; }
.whole-contents a::after { content: attr(data-page); min-width: 8mm; text-align: right; }
.whole-contents a i { flex: 1; border-bottom: 1px dotted #888; margin-bottom: .3em; }
button, .headerlink, .toctree-wrapper, .copybtn { display: none !important; }
details.hide { display: none; }
"""
FOOTER = """<div style="width: 100%; text-align: center; font: 8px sans-serif; color: #444">
<span class="pageNumber"></span></div>"""


def page_names() -> list[str]:
    """Return the names of the book's pages in their order, without their folder."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    files = [toc["root"], *(c["file"] for part in toc["parts"] for c in part["chapters"])]
    return [Path(file).name for file in files]


def parse(path: Path) -> BeautifulSoup:
    """Return a page's HTML as a tree."""
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def article(name: str, names: list[str]) -> Tag:
    """Return a page's text, with ids and links that hold in the whole book."""
    text = parse(SITE / "book" / f"{name}.html").select_one("article.bd-article")
    assert text is not None
    for element in text.select("[id]"):
        element["id"] = f"{name}--{element['id']}"
    for link in text.select("a[href]"):
        target, anchor = urldefrag(str(link["href"]))
        page = Path(target).stem if target else name
        if not urlsplit(target).scheme and page in names:
            link["href"] = f"#{page}--{anchor}" if anchor else f"#{page}"
    for solution in text.select(".dropdown, .toggle"):
        kinds = [kind for kind in solution["class"] if kind not in ("dropdown", "toggle")]
        solution["class"] = " ".join(kinds)
    for element in text.select("script, .toctree-wrapper, .headerlink"):
        element.decompose()
    for closed in text.select("details"):
        closed["open"] = ""
    for late in text.select("img[loading]"):
        del late["loading"]
    text["id"], text["class"] = name, "bd-article whole-page"
    return text


def contents(articles: list[Tag], numbers: dict[str, int]) -> str:
    """Return the table of contents: each page's title and the sections of the numbered ones."""

    def entry(heading: Tag, anchor: str) -> str:
        words = re.sub(r"\s+", " ", heading.get_text()).strip()
        number = numbers.get(anchor, "")
        return f'<a href="#{anchor}" data-page="{number}"><span>{words}</span><i></i></a>'

    items = []
    for text in articles:
        sections = text.select("h2") if re.match(r"\d\d-", str(text["id"])) else []
        below = "".join(
            f"<li>{entry(heading, str(heading.parent['id']))}</li>"
            for heading in sections
            if heading.parent is not None and heading.parent.get("id")
        )
        title = text.select_one("h1")
        assert title is not None
        items.append(f"<li>{entry(title, str(text['id']))}<ul>{below}</ul></li>")
    return "".join(items)


def whole_book(numbers: dict[str, int]) -> str:
    """Return the book as one page, its contents with these page numbers."""
    names = page_names()
    page = parse(SITE / "book" / f"{names[0]}.html")
    articles = [article(name, names) for name in names]
    assert page.html is not None
    assert page.head is not None
    assert page.body is not None
    page.html["data-theme"] = page.html["data-mode"] = "light"
    for script in page.select("script"):
        script.decompose()
    style = page.new_tag("style")
    style.string = STYLE
    page.head.append(style)
    title = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["title"]
    assert page.title is not None
    page.title.string = title
    page.body.clear()
    page.body.append(
        parse_text(
            '<div class="bd-main"><div class="bd-content"><div class="bd-article-container">'
            '<section class="bd-article whole-cover"><img alt="" src="../_static/logo.svg">'
            f"<h1>{title}</h1></section>"
            '<section class="bd-article whole-page whole-contents"><h1>Contents</h1>'
            f"<ul>{contents(articles, numbers)}</ul></section></div></div></div>"
        )
    )
    container = page.select_one(".bd-article-container")
    assert container is not None
    container.extend(copy.copy(text) for text in articles)
    return str(page)


def parse_text(text: str) -> BeautifulSoup:
    """Return a piece of HTML as a tree."""
    return BeautifulSoup(text, "html.parser")


def print_book(tab: Page, url: str, numbers: dict[str, int]) -> dict[str, int]:
    """Print the book with these page numbers; return those at which its anchors lie."""
    (SITE / "book" / WHOLE).write_text(whole_book(numbers), encoding="utf-8")
    tab.goto(url, wait_until="load")
    tab.evaluate("document.fonts.ready.then(() => 0)")
    tab.pdf(
        path=SITE / NAME,
        prefer_css_page_size=True,
        print_background=True,
        display_header_footer=True,
        header_template="<span></span>",
        footer_template=FOOTER,
        outline=True,
        tagged=True,
    )
    reader = PdfReader(SITE / NAME)
    return {
        str(name).lstrip("/"): (reader.get_destination_page_number(place) or 0) + 1
        for name, place in reader.named_destinations.items()
    }


def main() -> None:
    """Print the book until the page numbers are those of the contents."""
    program = find_browser("chromium")
    if not (SITE / "book" / "index.html").exists():
        sys.exit("needs the book in _build/html: `python -m nox -s book`")
    with served(SITE) as site:
        url = f"{site}book/{WHOLE}"
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=program, args=["--no-sandbox", "--disable-gpu"]
                )
                tab = browser.new_page(color_scheme="light", reduced_motion="reduce")
                numbers = print_book(tab, url, {})
                again = print_book(tab, url, numbers)
                browser.close()
        finally:
            (SITE / "book" / WHOLE).unlink(missing_ok=True)
    if again != numbers or not numbers:
        sys.exit("the page numbers of the contents do not hold")
    missing = [name for name in page_names() if name not in numbers]
    if missing:
        sys.exit(f"pages that the PDF lacks: {missing}")
    size = (SITE / NAME).stat().st_size
    print(f"{SITE / NAME}: {len(PdfReader(SITE / NAME).pages)} pages, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
