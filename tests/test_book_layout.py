"""The built book's layout in two browsers, at five widths: nothing is cut off or hidden.

Left out unless asked for, like `test_book.py`; needs Firefox, too.
"""

import io
import re

import numpy as np
import pytest
import yaml
from built_book import CHAPTERS, PAGES, ROOT, SITE, document
from PIL import Image

pytestmark = pytest.mark.browser

WIDTHS = (320, 360, 768, 1200, 1920)
ALL = [*PAGES, "genindex", "search", "404"]
COLUMNS = 76
# What is wrong with a page's layout, each fault by its kind and text.
FAULTS = """(async () => {
  await document.fonts.ready;
  const settled = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)));
  await settled();
  await Promise.all(document.getAnimations().map((one) => one.finished.catch(() => 0)));
  await settled();
  const faults = [];
  const sideways = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (sideways > 0) faults.push(`the page scrolls sideways by ${sideways} pixels`);
  for (const span of document.querySelectorAll("span.math")) {
    const formula = span.querySelector("math");
    if (!formula.getClientRects().length) continue;  // in a box that is closed
    const style = getComputedStyle(span);
    if (style.display !== "inline" && style.overflow !== "visible")
      faults.push(`cut off: ${formula.textContent}`);
    if (formula.getClientRects().length > 1) faults.push(`broken: ${formula.textContent}`);
    // An inline formula in Firefox is one box even when it is broken: its height tells.
    const line = 3.2 * parseFloat(style.fontSize);
    if (formula.getBoundingClientRect().height > line) faults.push(`high: ${formula.textContent}`);
  }
  for (const code of document.querySelectorAll(".cell_input pre")) {
    const columns = Math.max(...code.textContent.split("\\n").map((line) => line.length));
    if (innerWidth >= 1200 && columns <= COLUMNS && code.scrollWidth > code.clientWidth)
      faults.push(`scrolls: ${code.textContent.slice(0, 70)}`);
  }
  // Icons are characters for private use, and no page has the font that draws them.
  for (const element of document.body.querySelectorAll("*"))
    for (const place of ["::before", "::after"])
      if (/[\\ue000-\\uf8ff]/.test(getComputedStyle(element, place).content))
        faults.push(`an empty box for an icon: ${element.className}${place}`);
  return faults;
})()""".replace("COLUMNS", str(COLUMNS))

each = pytest.mark.parametrize("page", ALL)


@each
def test_in_chromium_nothing_is_cut_off(tab, page):
    tab.emulate_media(reduced_motion="reduce")
    tab.goto(f"{page}.html")
    found = {}
    for width in WIDTHS:
        tab.set_viewport_size({"width": width, "height": 900})
        found[width] = tab.evaluate(FAULTS)
    assert not any(found.values()), found


@each
def test_in_firefox_nothing_is_cut_off(firefox, server, page):
    firefox.goto(f"{server}{page}.html")
    found = {}
    for width in WIDTHS:
        firefox.set_size(width, 900)
        found[width] = firefox.evaluate(FAULTS)
    assert not any(found.values()), found


def pixels(tab, box):
    return np.array(Image.open(io.BytesIO(tab.screenshot(clip=box))).convert("RGB"), int)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1400])
def test_the_focus_is_seen(tab, scheme, width):
    """At least 100 pixels around the element become very different ones."""
    tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    tab.set_viewport_size({"width": width, "height": 900})
    tab.goto(f"{CHAPTERS[0]}.html")
    tab.add_style_tag(content="*, *::before, *::after { transition: none !important; }")
    tab.keyboard.press("Tab")
    unseen, seen = [], set()
    for _ in range(60):
        tab.keyboard.press("Tab")
        name, *box = tab.evaluate("""() => {
            const element = document.activeElement;
            element.scrollIntoView({ block: "center", behavior: "instant" });
            const box = element.getBoundingClientRect();
            const name = element.title || element.ariaLabel || element.textContent;
            return [`${element.tagName} ${name.trim().slice(0, 40)}`,
                    box.x - 6, box.y - 6, box.width + 12, box.height + 12];
        }""")
        x, y = max(box[0], 0), max(box[1], 0)
        clip = {"x": x, "y": y, "width": min(box[2], width - x), "height": min(box[3], 900 - y)}
        with_focus = pixels(tab, clip)
        handle = tab.evaluate_handle("document.activeElement")
        handle.evaluate("element => element.blur()")
        changed = np.abs(with_focus - pixels(tab, clip)).max(axis=-1) > 60
        handle.evaluate("element => element.focus({ focusVisible: true, preventScroll: true })")
        seen.add(name)
        if changed.sum() < 100:
            unseen.append(name)
    assert len(seen) > 20, seen
    assert any("Download" in name for name in seen), seen
    assert not unseen


@pytest.mark.parametrize("page", PAGES)
def test_what_is_copied_is_code_alone(tab, page):
    tab.add_init_script("""
        window.copied = [];
        document.execCommand = () => {  // as clipboard.js copies
            window.copied.push(document.activeElement.value ?? String(getSelection()));
            return true;
        };
    """)
    tab.goto(f"{page}.html")
    tab.wait_for_function("!document.querySelector('pre') || !!window.ClipboardJS")
    blocks = tab.evaluate("""() => {
        const found = [];
        for (const button of document.querySelectorAll("button.copybtn")) {
            const block = document.querySelector(button.dataset.clipboardTarget);
            const outputs = [...block.querySelectorAll(".go")].map((part) => part.textContent);
            window.copied = [];
            button.click();
            found.push([block.textContent, outputs, window.copied]);
        }
        return found;
    }""")
    for text, outputs, copied in blocks:
        assert len(copied) == 1, f"not copied: {text}"
        lines = copied[0].splitlines()
        if ">>> " not in text:
            assert copied[0].strip() == text.strip()
            continue
        assert not [line for line in lines if line.startswith((">>>", "..."))], copied
        assert not set(lines) & {line for output in outputs for line in output.splitlines()}
        assert len(lines) == sum(line.startswith((">>> ", "... ")) for line in text.splitlines())
    assert blocks or not page.endswith("api")


def phone(browser, server, page):
    context = browser.new_context(
        base_url=server, viewport={"width": 360, "height": 800}, has_touch=True, is_mobile=True
    )
    tab = context.new_page()
    tab.goto(f"{page}.html")
    tab.set_default_timeout(5000)
    return tab


@pytest.fixture
def telephone(browser, server):
    opened = []

    def open_page(page):
        opened.append(phone(browser, server, page))
        return opened[-1]

    yield open_page
    for tab in opened:
        tab.context.close()


@pytest.mark.parametrize("side", ["primary", "secondary"])
def test_on_a_phone_the_contents_close(telephone, side):
    tab = telephone(CHAPTERS[0])
    opener, dialog = tab.locator(f".{side}-toggle"), tab.locator(f"#pst-{side}-sidebar-modal")
    for close in (
        lambda: dialog.locator(".dialog-close").tap(),
        lambda: tab.keyboard.press("Escape"),
    ):
        opener.tap()
        assert dialog.is_visible()
        box = dialog.locator(".dialog-close").bounding_box()
        assert box["width"] >= 44
        assert box["height"] >= 44
        assert 0 <= box["x"] <= 360 - box["width"]
        close()
        dialog.wait_for(state="hidden")
        tab.wait_for_function(f"document.activeElement.matches('.{side}-toggle')")
    assert not tab.locator(".dialog-close").locator("visible=true").count()


def test_on_a_phone_a_chosen_heading_is_what_is_seen(telephone):
    tab = telephone(CHAPTERS[0])
    tab.locator(".secondary-toggle").tap()
    dialog = tab.locator("#pst-secondary-sidebar-modal")
    link = dialog.locator("a[href^='#']").nth(3)
    anchor = link.get_attribute("href")
    link.tap()
    dialog.wait_for(state="hidden")
    tab.wait_for_function(f"location.hash == '{anchor}'")
    tab.wait_for_function(f"document.activeElement.matches('{anchor}')")
    tab.wait_for_function(
        f"(() => {{ const top = document.querySelector('{anchor}').getBoundingClientRect().top;"
        " return top > -5 && top < 400; })()"
    )


def test_a_tap_on_a_term_shows_its_meaning_and_a_second_one_leads_on(telephone):
    tab = telephone(CHAPTERS[0])
    term, preview = tab.locator("a.term").first, tab.locator("#term-preview")
    term.tap()
    preview.wait_for(state="visible")
    tab.wait_for_timeout(500)
    assert preview.inner_text() == term.get_attribute("data-definition")
    assert tab.url.endswith(f"{CHAPTERS[0]}.html")
    tab.locator("h1").tap()
    preview.wait_for(state="hidden")
    term.tap()
    preview.wait_for(state="visible")
    term.tap()
    tab.wait_for_url("**/glossary.html#term-*")


@pytest.mark.parametrize("page", CHAPTERS)
def test_the_download_button_saves_the_notebook(tab, page):
    tab.goto(f"{page}.html")
    tab.locator(".dropdown-download-buttons > button").click()
    with tab.expect_download() as saved:
        tab.locator("a.btn-download-source-button").first.click()
    assert saved.value.suggested_filename == f"{page.rpartition('/')[2]}.ipynb"


def test_the_root_address_tells_what_it_is_and_leads_on(tab):
    html = (SITE / "index.html").read_text(encoding="utf-8")
    assert '<html lang="en">' in html
    assert "<title>DCGAN, step by step</title>" in html
    for part in ('rel="canonical"', 'property="og:image"', 'name="description"', "<a href"):
        assert part in html
    tab.goto("index.html")
    tab.wait_for_url("**/book/index.html")


def test_404_and_the_sitemap_name_pages_that_there_are():
    base = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["html"]["baseurl"]
    missing = (SITE / "404.html").read_text(encoding="utf-8")
    sitemap = (SITE / "sitemap.xml").read_text(encoding="utf-8")
    named = re.findall(r'href="([^"]+)"', missing)
    listed = re.findall(r"<loc>([^<]+)</loc>", sitemap)
    assert len(named) >= 2
    assert set(listed) == {f"{base}{page}.html" for page in PAGES}
    for url in [*named, *listed]:
        assert url.startswith(base)
        assert (SITE / url.removeprefix(base)).is_file(), url


@each
def test_an_id_stands_once(page):
    ids = re.findall(r'<[^>]* id="([^"]+)"', (SITE / f"{page}.html").read_text(encoding="utf-8"))
    assert len(ids) == len(set(ids)), [one for one in set(ids) if ids.count(one) > 1]


@pytest.mark.parametrize("page", PAGES)
def test_a_description_is_made_of_sentences(page):
    text = document(SITE / f"{page}.html").meta["description"]
    assert 50 <= len(text) <= 180
    assert text[0].isupper()
    assert text.endswith((".", "?", "!"))


def test_in_the_book_of_one_page_every_link_leads_somewhere():
    """The PDF is printed from it."""
    from bs4 import BeautifulSoup

    from tools import pdf

    names = pdf.page_names()
    page = BeautifulSoup(pdf.whole_book(dict.fromkeys(names, 7)), "html.parser")
    anchors = [element["id"] for element in page.select("[id]")]
    assert len(anchors) == len(set(anchors))
    assert set(names) <= set(anchors)
    within = [link["href"] for link in page.select("a[href^='#']")]
    assert len(within) > 500
    assert not [link for link in within if link != "#" and link[1:] not in anchors]
    assert not page.select("a[href*='.html#']")
    assert [link["data-page"] for link in page.select(".whole-contents > ul > li > a")] == [
        "7"
    ] * len(names)
    assert not page.select(".dropdown, script")
