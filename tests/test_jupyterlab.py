"""The plain notebooks in a real JupyterLab, in Chromium, as somebody sees them who opens them.

Left out unless asked for: ``python -m pytest -m browser`` needs the extra ``dev``, and Chromium
from the system's packages.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from tools import address
from tools.browsers import find_browser
from tools.notebooks import read

pytestmark = pytest.mark.browser

PLAIN = address.ROOT / "notebooks"
OPENED = ["01-data", "05-training", "08-evaluation"]
RUN = "01-data"
PATIENCE = 120_000  # milliseconds, on a machine with much else to do
SETTINGS = {
    # All cells are in the page at once, so that a test can look at them.
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
MARKUP = re.compile(
    r"\{[a-z][\w:+-]*\}`|:::|\$\$?\S|\\tag|\\begin|^\(\w[\w-]*\)=|\*\*|\|\s*--|^> ", re.M
)

each = pytest.mark.parametrize("name", OPENED)


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A JupyterLab with copies of the plain notebooks, which nobody has declared to be trusted."""
    home, port = tmp_path_factory.mktemp("lab"), free_port()
    shutil.copytree(PLAIN, home / "notebooks")
    for name, values in SETTINGS.items():
        file = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values), encoding="utf-8")
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += [f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token="]
    command += [f"--ServerApp.root_dir={home / 'notebooks'}"]
    command += [f"--LabApp.user_settings_dir={home / 'settings'}"]
    command += [f"--LabApp.workspaces_dir={home / 'workspaces'}"]
    own = {name: str(home / name) for name in ("JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
    path = os.pathsep.join(filter(None, [str(address.ROOT), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, **own, "PYTHONPATH": path, "JUPYTER_CONFIG_DIR": str(home)}
    with open(home / "log", "w", encoding="utf-8") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        url = f"http://127.0.0.1:{port}"
        try:
            wait_until_it_answers(f"{url}/api/status", server, home / "log")
            yield url
        finally:
            server.terminate()
            server.wait(timeout=60)


def wait_until_it_answers(url, server, log):
    end = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < end:
        assert server.poll() is None, log.read_text(encoding="utf-8")[-2000:]
        try:
            with urllib.request.urlopen(url):
                return
        except urllib.error.URLError:
            time.sleep(0.3)
    raise TimeoutError(log.read_text(encoding="utf-8")[-2000:])


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    program = find_browser("chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def tabs(lab, browser):
    """The notebooks, each in a tab of its own, opened once and whole."""
    context = browser.new_context(viewport={"width": 1500, "height": 1000})
    context.set_default_timeout(PATIENCE)
    opened = {}
    for name in OPENED:
        tab = opened[name] = context.new_page()
        tab.goto(f"{lab}/doc/tree/{name}.ipynb")
        count = len(read(PLAIN / f"{name}.ipynb").cells)
        whole = "n => document.querySelectorAll('.jp-Notebook .jp-Cell').length == n"
        tab.wait_for_function(whole, arg=count)
        tab.wait_for_function("() => !document.querySelector('.jp-Cell-Placeholder')")
        tab.wait_for_function("() => document.querySelector('mjx-container')")
        tab.wait_for_load_state("networkidle")
    yield opened
    context.close()


def solutions(tab):
    return tab.locator(".jp-MarkdownCell").filter(has_text="Solution of exercise")


@each
def test_no_markup_is_visible(tabs, name):
    shown = tabs[name].locator(".jp-MarkdownOutput:visible").all_inner_texts()
    assert len(shown) > 20
    left = {found[0]: text[:100] for text in shown if (found := MARKUP.search(text))}
    assert not left


@each
def test_every_picture_has_a_size(tabs, name):
    pictures = (
        tabs[name]
        .locator(".jp-OutputArea img")
        .evaluate_all("""pictures => pictures
        .filter(picture => picture.checkVisibility())
        .map(picture => {
            const shown = picture.getBoundingClientRect();
            return [picture.naturalWidth, shown.width, shown.height, picture.src.slice(0, 40)];
        })
    """)
    )
    assert len(pictures) > 3
    too_small = [picture for picture in pictures if min(picture[:3]) < 50]
    assert not too_small


@each
def test_the_drawings_show_with_a_description(tabs, name):
    cells = read(PLAIN / f"{name}.ipynb").cells
    count = sum("show_drawing(" in cell.source for cell in cells if cell.cell_type == "code")
    drawings = tabs[name].locator('.jp-OutputArea img[src^="data:image/svg"]')
    assert drawings.count() == count > 0
    for number in range(count):
        assert len(drawings.nth(number).get_attribute("alt")) > 50
    assert not tabs[name].get_by_text("<drawing:").count()


@each
def test_the_headings_have_their_numbers(tabs, name):
    title = tabs[name].locator(".jp-MarkdownOutput h1").all_inner_texts()
    assert len(title) == 1
    assert title[0].startswith(f"{int(name[:2])}. ")


@each
def test_solutions_are_folded_and_open(tabs, name):
    tab = tabs[name]
    heads = solutions(tab)
    assert heads.count() >= 2
    for number in range(heads.count()):
        head = heads.nth(number)
        inside = head.locator("xpath=following-sibling::*[1]")
        assert head.is_visible()
        assert not inside.is_visible(), "the solution is open"
        head.locator(".jp-showHiddenCellsButton").click()
        inside.wait_for(state="visible")
        head.hover()
        head.locator(".jp-collapseHeadingButton").first.click()
        inside.wait_for(state="hidden")
    assert tab.locator(".jp-MarkdownOutput h2").filter(has_text="Summary").is_visible()


@each
def test_what_the_book_hides_is_folded(tabs, name):
    cells = read(PLAIN / f"{name}.ipynb").cells
    hidden = [cell for cell in cells if cell.metadata.get("jupyter", {}).get("source_hidden")]
    assert tabs[name].locator(".jp-CodeCell .jp-InputPlaceholder").count() == len(hidden) > 0


def test_run_all_works(tabs):
    tab = tabs[RUN]
    tab.locator(".jp-CodeCell").first.click()
    tab.get_by_role("menuitem", name="Run", exact=True).click()
    tab.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    last = tab.locator(".jp-CodeCell .jp-InputPrompt").last
    waiting = "node => node.textContent == '[*]:'"
    tab.wait_for_function(waiting, arg=last.element_handle())
    tab.wait_for_function(
        f"() => ![...document.querySelectorAll('.jp-InputPrompt')].some({waiting})",
        timeout=5 * PATIENCE,
    )
    counts = tab.locator(".jp-CodeCell .jp-InputPrompt").all_text_contents()
    code = [cell for cell in read(PLAIN / f"{RUN}.ipynb").cells if cell.cell_type == "code"]
    for number, (count, cell) in enumerate(zip(counts, code, strict=True), start=1):
        # Where the code is folded, the number stands beside the output.
        folded = cell.metadata.get("jupyter", {}).get("source_hidden")
        assert count == f"[{number}]:" or (folded and count == "")
    assert not tab.locator('.jp-OutputArea [data-mime-type$="stderr"]').count()
    assert not tab.locator('.jp-OutputArea [data-mime-type$="error"]').count()
