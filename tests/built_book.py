"""What the tests of the built book share: its pages, a server for them, two browsers."""

import functools
import re
from html.parser import HTMLParser

import pytest
import yaml
from firefox import Firefox

from tools import address
from tools.browsers import find_browser, served

ROOT = address.ROOT
SITE = ROOT / "_build" / "html"
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
PAGES = [TOC["root"], *(c["file"] for part in TOC["parts"] for c in part["chapters"])]
CHAPTERS = [page for page in PAGES if (ROOT / f"{page}.ipynb").exists()]
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SWITCHES += ["--disable-component-update", "--disable-sync"]


class Document(HTMLParser):
    """What a page's HTML says: its anchors, links, pictures and headings."""

    def __init__(self, path):
        super().__init__()
        self.anchors, self.links, self.pictures, self.headings = set(), [], [], []
        self.language, self.meta = None, {}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.anchors |= {given[key] for key in ("id", "name") if given.get(key)}
        if tag == "html":
            self.language = given.get("lang")
        elif tag == "meta":
            self.meta[given.get("name") or given.get("property")] = given.get("content")
        elif tag == "a" and given.get("href"):
            self.links.append(given["href"])
        elif tag == "img":
            self.pictures.append(given)
        elif re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))


def file_of(page):
    return SITE / f"{page}.html"


@functools.cache
def document(path):
    return Document(path)


@pytest.fixture(scope="module")
def server():
    assert file_of(TOC["root"]).exists(), "build the book first: `jupyter-book build .`"
    with served(SITE) as site:
        yield site


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    program = find_browser("chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=SWITCHES)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def firefox():
    with Firefox() as started:
        yield started


@pytest.fixture
def tab(browser, server):
    """A tab of the browser; addresses are relative to the book."""
    context = browser.new_context(base_url=server, viewport={"width": 1400, "height": 900})
    yield context.new_page()
    context.close()
