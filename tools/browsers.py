"""The system's own browsers, beside a server for the pages that they open."""

from __future__ import annotations

import contextlib
import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

PROGRAMS = {
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
    "firefox": ("firefox-esr", "firefox"),
}


def find_browser(name: str) -> str:
    """Return the path of a browser's program.

    Raises:
        FileNotFoundError: it is not installed.
    """
    programs = PROGRAMS[name]
    program = next(filter(None, map(shutil.which, programs)), None)
    if program is None:
        raise FileNotFoundError(
            f"install {name} from the system's packages: `apt-get install {programs[0]}`"
        )
    return program


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder to this machine alone; gives the address, with a slash at its end."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Print no line for each request."""
