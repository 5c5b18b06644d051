"""The built book in a real browser: each page is whole, light, readable, and asks nobody else.

Left out unless asked for: ``python -m pytest -m browser`` needs the extra ``dev``, a book in
``_build/html``, and Chromium from the system's packages.
"""

import functools
import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from built_book import CHAPTERS, PAGES, ROOT, SITE, document, file_of

from tools import address

pytestmark = pytest.mark.browser

MAX_WEIGHT = 1_500_000
SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""

each = pytest.mark.parametrize("page", PAGES)
each_chapter = pytest.mark.parametrize("page", CHAPTERS)


@dataclass
class Visit:
    """What happened when a page was loaded with nothing in the cache, wide and light at first."""

    errors: list = field(default_factory=list)
    violations: list = field(default_factory=list)
    violations_in_the_dark: list = field(default_factory=list)
    shifted: float = 0
    overflow: int = 0
    elsewhere: list = field(default_factory=list)
    weight: int = 0


@pytest.fixture(scope="module")
def visit(server, browser):
    """Return what happened when a page was loaded; each is loaded once."""
    from axe_playwright_python.sync_playwright import Axe

    axe = Axe()

    def serious(tab, **rules):
        options = {"resultTypes": ["violations"], "preload": False, **rules}
        return [
            f"{found['id']}: {node['html'][:150]} {node['failureSummary'][:250]}"
            for found in axe.run(tab, options=options).response["violations"]
            if found["impact"] in {"serious", "critical"}
            for node in found["nodes"]
        ]

    @functools.cache
    def load(page):
        seen, errors, requests = Visit(), [], set()
        context = browser.new_context(
            viewport={"width": 1400, "height": 900}, color_scheme="light", reduced_motion="reduce"
        )
        tab = context.new_page()
        tab.add_init_script(SHIFTS)
        tab.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.on("requestfailed", lambda r: errors.append(f"failed: {r.url}"))
        tab.on("response", lambda r: errors.append(r.url) if r.status >= 400 else None)
        tab.on("request", lambda request: requests.add(request.url))
        tab.goto(f"{server}{page}.html", wait_until="load")
        tab.evaluate("document.fonts.ready.then(() => 0)")
        seen.shifted = tab.evaluate("window.shifted")
        seen.errors = errors
        seen.violations = serious(tab)
        tab.emulate_media(color_scheme="dark")
        tab.wait_for_function("document.documentElement.dataset.theme == 'dark'")
        seen.violations_in_the_dark = serious(tab, runOnly=["color-contrast"])
        tab.set_viewport_size({"width": 360, "height": 800})
        seen.overflow = tab.evaluate("document.documentElement.scrollWidth") - 360
        context.close()
        local = {url for url in requests if url.startswith((server, "data:", "blob:"))}
        seen.elsewhere = sorted(requests - local)
        paths = {unquote(urlsplit(url).path).lstrip("/") for url in local if url.startswith(server)}
        seen.weight = sum((SITE / p).stat().st_size for p in paths if (SITE / p).is_file())
        return seen

    return load


@each
def test_it_loads_without_an_error(visit, page):
    assert not visit(page).errors


@each
def test_it_asks_no_one_else(visit, page):
    assert not visit(page).elsewhere


@each
def test_it_weighs_at_most_one_and_a_half_megabytes(visit, page):
    assert visit(page).weight <= MAX_WEIGHT


@each
def test_nothing_moves_while_it_loads(visit, page):
    assert visit(page).shifted < 0.1


@each
def test_axe_finds_no_serious_violation(visit, page):
    assert not visit(page).violations


@each
def test_its_text_stands_out_in_the_dark(visit, page):
    assert not visit(page).violations_in_the_dark


@each
def test_a_phone_need_not_scroll_sideways(visit, page):
    assert visit(page).overflow <= 0


@each_chapter
def test_a_phone_shows_the_part_that_the_chapter_is_about(tab, page):
    tab.set_viewport_size({"width": 360, "height": 800})
    tab.goto(f"{page}.html")
    tab.set_default_timeout(5000)
    picture = tab.locator(".drawing[data-middle] img").first
    left, right = picture.evaluate("""async (picture) => {
        const whole = document.createElement("div");
        whole.innerHTML = await (await fetch(picture.src)).text();
        document.body.append(whole);  // a picture's parts have no boxes of their own
        const svg = whole.querySelector("svg");
        const name = svg.querySelector("style").textContent.match(/#([\\w-]+)\\{opacity:1\\}/)[1];
        const part = svg.getElementById(name).getBBox();
        whole.remove();
        const [shown, box] = [picture, picture.parentElement].map((e) => e.getBoundingClientRect());
        const scale = shown.width / svg.viewBox.baseVal.width;
        const place = (x) => (shown.left - box.left + x * scale) / box.width;
        return [place(part.x), place(part.x + part.width)];
    }""")
    assert right - left > 1 or (left >= 0 and right <= 1), f"seen from {left:.2f} to {right:.2f}"
    assert 0 < (left + right) / 2 < 1
    assert tab.evaluate("[scrollX, scrollY]") == [0, 0]


@pytest.mark.parametrize("page", [*PAGES, "genindex", "search"])
def test_every_internal_link_and_anchor_resolves(page):
    path, broken = file_of(page), []
    for link in document(path).links:
        if urlsplit(link).scheme or link.startswith("//"):
            continue
        target, anchor = urldefrag(link)
        file = (path.parent / unquote(target)).resolve() if target else path
        if not file.is_file() or (
            anchor and file.suffix == ".html" and unquote(anchor) not in document(file).anchors
        ):
            broken.append(link)
    assert not broken


@each
def test_every_picture_has_a_text_and_a_size(page):
    pictures = document(file_of(page)).pictures
    decoration = [p for p in pictures if "logo" in p.get("src", "") and p.get("alt") is not None]
    for picture in pictures:
        assert picture in decoration or picture.get("alt", "").strip(), picture
        assert picture in decoration or picture.get("width"), f"no size: {picture}"
        assert not urlsplit(picture["src"]).scheme, picture


@each
def test_its_head_and_headings_are_in_order(page):
    read = document(file_of(page))
    assert read.language == "en"
    assert read.headings.count(1) == 1
    steps = zip(read.headings, read.headings[1:], strict=False)
    assert all(after <= before + 1 for before, after in steps), read.headings
    for name in ("description", "og:title", "og:description", "og:image", "og:url"):
        assert read.meta.get(name), f"no {name}"
    image = read.meta["og:image"].rpartition("/_static/")[2]
    assert (SITE / "_static" / image).is_file()


@each
def test_every_formula_was_understood(page):
    html = file_of(page).read_text(encoding="utf-8")
    assert "<merror" not in html
    assert not re.findall(r'<(?:span|div) class="math[^>]*>\s*[^\s<]', html)
    assert not re.findall(r"<m(?:i|o|n|text)>[^<]*\\", html)


@each_chapter
def test_it_opens_in_colab_and_binder_and_can_be_downloaded(page):
    owner, name = address.parse(address.read())
    links = document(file_of(page)).links
    plain = f"notebooks/{page.removeprefix('book/')}.ipynb"
    colab = f"https://colab.research.google.com/github/{owner}/{name}/blob/main/{plain}"
    assert colab in links
    assert any(
        link.startswith(f"https://mybinder.org/v2/gh/{owner}/{name}/main")
        and unquote(link).endswith(f"lab/tree/{plain}")
        for link in links
    ), "no link to Binder"
    downloads = [link for link in links if link.endswith(f"../{plain}")]
    assert downloads, "no link to download it"
    stored = (file_of(page).parent / downloads[0]).resolve()
    assert stored.read_bytes() == (ROOT / plain).read_bytes()


@each_chapter
def test_widgets_leave_a_picture(page):
    html = file_of(page).read_text(encoding="utf-8")
    assert "jupyter.widget" not in html
    shown = re.findall(r"\b(?:interactive|[HV]Box|\w+Explorer)\(children=", html)
    assert not shown, "a widget's place shows code: store a picture beside it"


@each_chapter
def test_its_solutions_open(tab, page):
    tab.goto(f"{page}.html")
    solutions = tab.locator("div.solution.dropdown")
    assert solutions.count() >= 2
    for number in range(solutions.count()):
        solution = solutions.nth(number)
        content = solution.locator("section, .solution-content, p:not(.admonition-title)").last
        assert not content.is_visible()
        solution.locator(".admonition-title").first.click()
        content.wait_for(state="visible", timeout=3000)


def test_a_term_shows_its_meaning(tab):
    tab.goto(f"{CHAPTERS[0]}.html")
    term, preview = tab.locator("a.term").first, tab.locator("#term-preview")
    assert not preview.is_visible()
    term.hover()
    preview.wait_for(state="visible", timeout=3000)
    assert preview.inner_text() == term.get_attribute("data-definition")
    tab.keyboard.press("Escape")
    assert not preview.is_visible()
    term.focus()
    preview.wait_for(state="visible", timeout=3000)
    assert term.get_attribute("aria-describedby") == "term-preview"


@each_chapter
def test_its_terms_and_names_lead_on(page):
    links = document(file_of(page)).links
    terms = [link for link in links if link.startswith("glossary.html#term-")]
    names = [link for link in links if link.startswith("api.html#dcgan_helpers.")]
    assert len(terms) >= 5
    assert names


def test_the_search_finds_things(tab):
    tab.goto("search.html?q=checkerboard")
    tab.locator("ul.search li a").first.wait_for(timeout=10000)
    assert tab.locator('ul.search a[href*="02-generator"]').count() > 0


def test_on_paper_there_is_the_text_alone(tab):
    tab.goto(f"{CHAPTERS[1]}.html")
    tab.emulate_media(media="print")
    for part in (".bd-sidebar-primary", ".bd-sidebar-secondary", ".bd-header-article"):
        assert not tab.locator(part).first.is_visible(), part
    assert tab.locator(".print-title").is_visible()
    assert tab.pdf(format="A4").startswith(b"%PDF")


def test_the_counts(visit, capsys):
    documents = [document(file_of(page)) for page in PAGES]
    with capsys.disabled():
        print(f"\n{len(PAGES)} pages")
        print(f"{sum(len(read.links) for read in documents)} links")
        print(f"{sum(len(read.pictures) for read in documents)} pictures")
        print(f"{sum(len(visit(page).violations) for page in PAGES)} serious violations, light")
        dark = sum(len(visit(page).violations_in_the_dark) for page in PAGES)
        print(f"{dark} violations of contrast, dark")
        for page in PAGES:
            seen = visit(page)
            print(f"{seen.weight / 1e6:6.2f} MB  moved {seen.shifted:.3f}  {page}")
