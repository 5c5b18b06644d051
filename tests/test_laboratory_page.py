"""The laboratory's page in Chromium: what it loads, what it shows, how it is used and who can.

Left out unless asked for, like the tests of the other pages in `test_book.py`.
"""

import itertools
import re

import pytest
from built_book import SITE, browser, server  # noqa: F401

pytestmark = pytest.mark.browser

PAGE = "book/laboratory.html"
PARTS = ["draw", "judge", "train"]
MAX_WEIGHT = 1_500_000
PATIENCE = 180_000
LOOK = "([...document.querySelectorAll('{}')].map((c) => c.toDataURL()))"


class Visitor:
    """A tab on the page, and what it asked for."""

    def __init__(self, context, address):
        self.tab = context.new_page()
        self.tab.set_default_timeout(PATIENCE)
        self.requests, self.errors = [], []
        self.tab.on("request", lambda request: self.requests.append(request.url))
        self.tab.on("pageerror", lambda error: self.errors.append(str(error)))
        self.tab.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.tab.goto(address)

    def part(self, name, selector=""):
        return self.tab.locator(f"[data-laboratory={name}] {selector}".strip())

    def load(self, name):
        self.part(name, ".lab-load").click()
        self.tab.wait_for_function(
            f"!document.querySelector('[data-laboratory={name}] fieldset').disabled"
        )

    def look(self, name, selector):
        return self.tab.evaluate(LOOK.format(f"[data-laboratory={name}] {selector}"))

    def until(self, condition):
        self.tab.wait_for_function(condition)

    def step(self):
        return int(self.part("train").get_attribute("data-step"))


@pytest.fixture(params=["http", "file"])
def address(request, server):  # noqa: F811
    return f"{server}{PAGE}" if request.param == "http" else (SITE / PAGE).as_uri()


@pytest.fixture
def visit(browser):  # noqa: F811
    contexts = []

    def open_page(address, **options):
        contexts.append(
            browser.new_context(**{"viewport": {"width": 1400, "height": 900}, **options})
        )
        return Visitor(contexts[-1], address)

    yield open_page
    for context in contexts:
        context.close()


def test_it_loads_nothing_before_a_click_and_little_after(visit, address):
    visitor = visit(address)
    before = list(visitor.requests)
    own = [url for url in before if "/laboratory/" in url]
    assert sorted(url.rpartition("/")[2] for url in own) == ["laboratory.css", "laboratory.js"]
    for part in PARTS:
        visitor.load(part)
    place = address.removesuffix(PAGE)
    after = [url for url in visitor.requests[len(before) :] if not url.startswith("blob:")]
    assert after
    assert all(url.startswith(place) for url in after), "nobody else is asked"
    assert sum((SITE / url.removeprefix(place)).stat().st_size for url in after) <= MAX_WEIGHT
    assert not visitor.errors


def test_draw(visit, address):
    visitor = visit(address)
    visitor.load("draw")
    images = visitor.look("draw", ".lab-images canvas")
    assert len(set(images)) == 16
    tiles = visitor.part("draw", ".lab-images button")
    tiles.nth(0).focus()
    for key in ("ArrowRight", "ArrowDown", "Enter"):
        visitor.tab.keyboard.press(key)
    visitor.until("document.querySelectorAll('.lab-images button')[5] === document.activeElement")
    visitor.until(f"{LOOK.format('.lab-images canvas')}[5] !== {images[5]!r}")
    now = visitor.look("draw", ".lab-images canvas")
    assert [i for i in range(16) if now[i] != images[i]] == [5]

    assert visitor.look("draw", ".lab-walked") == [now[0]], "a walk begins at its first image"
    visitor.part("draw", "[name=walk]").fill("1")
    visitor.until(f"{LOOK.format('.lab-walked')}[0] === {now[1]!r}")
    visitor.part("draw", "[name=walk]").fill("0.5")
    visitor.until(f"![{now[0]!r}, {now[1]!r}].includes({LOOK.format('.lab-walked')}[0])")

    visitor.part("draw", "[name=length]").fill("0")
    visitor.until(f"new Set({LOOK.format('.lab-images canvas')}).size === 1")
    assert not visitor.errors


def test_judge(visit, address):
    visitor = visit(address)
    visitor.load("judge")
    verdict = visitor.part("judge", ".lab-verdict")
    first = verdict.text_content()
    assert re.fullmatch(r"\d+\.\d % real \(logit −?\d+\.\d\d\)", first)
    visitor.part("judge", ".lab-examples button").nth(7).press("Enter")
    visitor.until(f"document.querySelector('.lab-verdict').textContent !== {first!r}")
    visitor.part("judge", "[name=spoiling]").select_option("black and white exchanged")
    visitor.until("document.querySelector('#lab-real').value < 0.1")

    box = visitor.part("judge", ".lab-pad").bounding_box()
    seen = visitor.look("judge", ".lab-seen")[0]
    visitor.tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 4)
    visitor.tab.mouse.down()
    visitor.tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 3 / 4, steps=4)
    visitor.tab.mouse.up()
    visitor.until(f"{LOOK.format('.lab-seen')}[0] !== {seen!r}")
    # A line down, whose centre of mass is in the middle, twenty pixels long.
    rows = """() => {
      const context = document.querySelector('.lab-seen').getContext('2d');
      const { data } = context.getImageData(0, 0, 28, 28);
      return [...Array(28).keys()].filter((row) => data[4 * (28 * row + 13)] > 127);
    }"""
    visitor.until(f"({rows})().length >= 19")
    marked = visitor.tab.evaluate(rows)
    assert abs(sum(marked) / len(marked) - 13.5) <= 1
    assert len(marked) <= 21
    assert not visitor.errors


def train(visitor, steps):
    visitor.part("train", "[name=run]").click()
    visitor.until(
        f"Number(document.querySelector('[data-laboratory=train]').dataset.step) >= {steps}"
    )
    visitor.part("train", "[name=run]").click()


def test_train(visit, address):
    visitor = visit(address)
    visitor.load("train")
    for name in ("batch", "filters"):  # quick, on a busy machine, too
        visitor.part("train", f"[name={name}]").select_option("8")
    noise = visitor.look("train", ".lab-grid")
    one, counter = visitor.part("train", "[name=step]"), visitor.part("train", ".lab-counter")

    def three_steps():
        visitor.until("document.querySelector('.lab-counter').textContent.startsWith('Step 0')")
        for step in (1, 2, 3):
            one.click()
            visitor.until(
                f"document.querySelector('.lab-counter').textContent.startsWith('Step {step}:')"
            )
        return counter.text_content(), visitor.look("train", ".lab-grid")

    once = three_steps()
    assert once[1] != noise
    visitor.part("train", "[name=reset]").click()
    assert three_steps() == once, "the same seed, the same run"
    visitor.part("train", "[name=seed]").fill("2")
    visitor.part("train", "[name=seed]").press("Tab")
    assert three_steps() != once
    train(visitor, steps=10)
    visitor.until("document.querySelector('[name=run]').textContent === 'Train'")
    visitor.tab.wait_for_timeout(500)
    stopped = visitor.step()
    visitor.tab.wait_for_timeout(1000)
    assert visitor.step() == stopped, "paused"

    visitor.part("train", "[name=preset]").select_option("momentum")
    visitor.until("document.querySelector('[data-laboratory=train]').dataset.step === '0'")
    assert visitor.part("train", "output[for=lab-beta1]").text_content() == "0.9"
    assert visitor.part("train", "[data-preset]:visible").get_attribute("data-preset") == "momentum"

    status, seed = visitor.part("train", "[role=status]"), visitor.part("train", "[name=seed]")
    assert status.bounding_box()["width"] <= 1, "for the ear, since the counter says the same"
    seed.fill("-1")
    seed.press("Tab")
    visitor.until("document.querySelector('.lab-wrong')?.textContent.includes('the seed must be')")
    assert status.bounding_box()["width"] > 100
    seed.fill("3")
    seed.press("Tab")
    visitor.until("!document.querySelector('.lab-wrong')")
    assert not visitor.errors


def test_the_keyboard_goes_on_inside_a_part(visit, server):  # noqa: F811
    visitor = visit(f"{server}{PAGE}")
    for part in PARTS:
        visitor.part(part, ".lab-load").focus()
        visitor.tab.keyboard.press("Enter")
        visitor.until(f"!document.querySelector('[data-laboratory={part}] fieldset').disabled")
        visitor.until(f"document.activeElement.closest('[data-laboratory={part}] fieldset')")
    assert not visitor.errors


def test_a_hidden_tab_pauses(visit, server):  # noqa: F811
    visitor = visit(f"{server}{PAGE}")
    visitor.load("train")
    visitor.part("train", "[name=filters]").select_option("4")
    visitor.part("train", "[name=run]").click()
    visitor.until("Number(document.querySelector('[data-laboratory=train]').dataset.step) >= 2")
    hide = """(hidden) => {
      Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }"""
    visitor.tab.evaluate(hide, True)
    visitor.tab.wait_for_timeout(1000)
    stopped = visitor.step()
    visitor.tab.wait_for_timeout(1000)
    assert visitor.step() == stopped
    visitor.tab.evaluate(hide, False)
    visitor.until(
        f"Number(document.querySelector('[data-laboratory=train]').dataset.step) > {stopped}"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_use(visit, server, scheme):  # noqa: F811
    from axe_playwright_python.sync_playwright import Axe

    visitor = visit(f"{server}{PAGE}", color_scheme=scheme, reduced_motion="reduce")
    for part in PARTS:
        visitor.load(part)
    found = Axe().run(visitor.tab, options={"resultTypes": ["violations"], "preload": False})
    assert [
        v["id"] for v in found.response["violations"] if v["impact"] in {"serious", "critical"}
    ] == []


def test_a_phone_need_not_scroll_sideways_in_use(visit, server):  # noqa: F811
    visitor = visit(f"{server}{PAGE}", viewport={"width": 360, "height": 800}, has_touch=True)
    for part in PARTS:
        visitor.load(part)
    assert visitor.tab.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_status_speaks_at_most_every_few_seconds(visit, server):  # noqa: F811
    visitor = visit(f"{server}{PAGE}")
    visitor.load("train")
    visitor.part("train", "[name=filters]").select_option("4")
    visitor.tab.evaluate("""() => {
      window.spoken = [];
      const status = document.querySelector('[data-laboratory=train] [role=status]');
      const observer = new MutationObserver(() => window.spoken.push(performance.now()));
      observer.observe(status, { childList: true });
    }""")
    visitor.part("train", "[name=run]").click()
    visitor.until("window.spoken.length >= 3")
    times = visitor.tab.evaluate("window.spoken")
    assert min(b - a for a, b in itertools.pairwise(times)) > 4500


@pytest.mark.parametrize("lacking", ["WebAssembly", "Worker", "DecompressionStream"])
def test_a_browser_that_lacks_something_says_so(visit, server, lacking):  # noqa: F811
    visitor = visit("about:blank")
    visitor.tab.add_init_script(f"delete window.{lacking}")
    visitor.tab.goto(f"{server}{PAGE}")
    for part in PARTS:
        assert visitor.part(part, ".lab-unable").is_visible()
        assert not visitor.part(part, ".lab-load").is_visible()
    assert not visitor.errors


def test_without_javascript_there_are_a_picture_and_a_sentence(visit, server):  # noqa: F811
    visitor = visit(f"{server}{PAGE}", java_script_enabled=False)
    for part in PARTS:
        assert visitor.part(part, ".lab-unable").is_visible()
    assert visitor.tab.locator("figure img[src*=presets]").is_visible()
    assert not visitor.part("train", ".lab-load").is_visible()


def test_what_does_not_load_is_said(visit, server):  # noqa: F811
    visitor = visit("about:blank")
    visitor.tab.route("**/digits.js", lambda route: route.abort())
    visitor.tab.goto(f"{server}{PAGE}")
    visitor.part("train", ".lab-load").click()
    visitor.until(
        "document.querySelector('[data-laboratory=train] [role=status]').textContent"
        ".includes('digits.js did not load')"
    )
    visitor.tab.unroute("**/digits.js")
    visitor.load("train")
