"""The laboratory's page in Firefox, from a server, then from a file: all three parts are used.

Left out unless asked for, like the tests of the other pages in `test_book.py`.
"""

import time

import pytest
from built_book import SITE, firefox, server  # noqa: F401

pytestmark = pytest.mark.browser

PAGE = "book/laboratory.html"
PATIENCE = 180  # seconds, on a busy machine
LISTEN = """(() => {
  window.wrong = [];
  addEventListener("error", (event) => window.wrong.push(String(event.message)));
  addEventListener("unhandledrejection", (event) => window.wrong.push(String(event.reason)));
  return true;
})()"""


class Visitor:
    """The page in a tab of Firefox."""

    def __init__(self, tab, address):
        self.tab = tab
        tab.goto(address)
        tab.set_size(1200, 900)
        tab.evaluate(LISTEN)

    def look(self, part, expression):
        """What an expression says of a part, in which `$` finds one element, `$$` all."""
        return self.tab.evaluate(f"""(() => {{
          const section = document.querySelector("[data-laboratory={part}]");
          const $ = (selector) => section.querySelector(selector);
          const $$ = (selector) => [...section.querySelectorAll(selector)];
          return {expression};
        }})()""")

    def until(self, part, condition):
        end = time.monotonic() + PATIENCE
        while not self.look(part, condition):
            assert time.monotonic() < end, f"{condition}: {self.tab.evaluate('window.wrong')}"
            time.sleep(0.2)

    def press(self, part, selector):
        assert self.look(part, f"($('{selector}').click(), true)")

    def choose(self, part, name, value):
        """Give a slider or a list a value, as its reader would."""
        self.look(part, f"($('[name={name}]').value = {value!r}, true)")
        for event in ("input", "change"):
            done = f"$('[name={name}]').dispatchEvent(new Event('{event}', {{ bubbles: true }}))"
            assert self.look(part, done)

    def load(self, part):
        self.press(part, ".lab-load")
        self.until(part, "!$('fieldset').disabled")


@pytest.fixture(params=["http", "file"])
def visitor(request, firefox, server):  # noqa: F811
    address = f"{server}{PAGE}" if request.param == "http" else (SITE / PAGE).as_uri()
    started = Visitor(firefox, address)
    yield started
    assert started.tab.evaluate("window.wrong") == []


PICTURES = "$$('.lab-images canvas').map((canvas) => canvas.toDataURL())"


def test_draw(visitor):
    visitor.load("draw")
    images = visitor.look("draw", PICTURES)
    assert len(set(images)) == 16
    assert visitor.look("draw", "$('.lab-images button') === document.activeElement")
    visitor.press("draw", ".lab-images button:nth-child(6)")
    visitor.until("draw", f"{PICTURES}[5] !== {images[5]!r}")
    now = visitor.look("draw", PICTURES)
    assert [i for i in range(16) if now[i] != images[i]] == [5]
    visitor.choose("draw", "walk", "1")
    visitor.until("draw", f"$('.lab-walked').toDataURL() === {now[1]!r}")
    visitor.choose("draw", "length", "0")
    visitor.until("draw", f"new Set({PICTURES}).size === 1")


def test_judge(visitor):
    visitor.load("judge")
    first = visitor.look("judge", "$('.lab-verdict').textContent")
    assert "% real (logit" in first
    visitor.press("judge", ".lab-examples button:nth-child(8)")
    visitor.until("judge", f"$('.lab-verdict').textContent !== {first!r}")
    visitor.choose("judge", "spoiling", "black and white exchanged")
    visitor.until("judge", "$('meter').value < 0.1")
    drawing = """(() => {
      const pad = $(".lab-pad");
      const box = pad.getBoundingClientRect();
      pad.setPointerCapture = () => {}; // which a pointer that is not there cannot have
      const [x, y] = [box.left + box.width / 2, box.top + box.height / 4];
      const send = (kind, down) => pad.dispatchEvent(
        new PointerEvent(kind, { clientX: x, clientY: y + down, button: 0, cancelable: true }));
      send("pointerdown", 0);
      send("pointermove", box.height / 2);
      return send("pointerup", box.height / 2);
    })()"""
    visitor.look("judge", drawing)
    line = """[...Array(28).keys()].filter((row) =>
      $(".lab-seen").getContext("2d").getImageData(13, row, 1, 1).data[0] > 127).length"""
    visitor.until("judge", f"{line} >= 19 && {line} <= 21")
    assert visitor.look("judge", "$('[name=spoiling]').selectedIndex") == 0


def test_train(visitor):
    visitor.load("train")
    visitor.choose("train", "batch", "8")
    visitor.choose("train", "filters", "4")
    visitor.until("train", "section.dataset.step === '0'")
    noise = visitor.look("train", "$('.lab-grid').toDataURL()")

    def three_steps():
        visitor.press("train", "[name=reset]")
        visitor.until("train", "$('.lab-counter').textContent === 'Step 0: not yet trained'")
        for step in (1, 2, 3):
            visitor.press("train", "[name=step]")
            visitor.until("train", f"section.dataset.step === '{step}'")
        return visitor.look("train", "[$('.lab-counter').textContent, $('.lab-grid').toDataURL()]")

    once = three_steps()
    assert once[1] != noise
    assert three_steps() == once, "the same seed, the same run"
    visitor.press("train", "[name=run]")
    visitor.until("train", "Number(section.dataset.step) >= 10")
    visitor.press("train", "[name=run]")
    said = "$('[role=status]').textContent.startsWith(`Waiting. Step ${section.dataset.step},`)"
    visitor.until("train", said)
    stopped = visitor.look("train", "section.dataset.step")
    time.sleep(1)
    assert visitor.look("train", "section.dataset.step") == stopped, "paused"
