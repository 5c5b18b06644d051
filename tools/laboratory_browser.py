"""A browser that computes with the laboratory's scripts, for its tests and benchmarks.

The browser opens a page of a server that stands here, asks it for the next task of
`laboratory_checks.js`, and posts what came out. So any browser will do, without a driver.
"""

from __future__ import annotations

import http.server
import json
import queue
import subprocess
import threading
from pathlib import Path
from typing import Any

from .browsers import find_browser
from .laboratory_kernel import FOLDER

CHECKS = Path(__file__).with_name("laboratory_checks.js")
ENGINE = [
    "kernel",
    "matrices",
    "random",
    "patches",
    "layers",
    "activations",
    "networks",
    "training",
]
ENGINE += ["weights", "worker"]
SCRIPTS = ["laboratory", *ENGINE, "generator", "discriminator", "digits"]
PAGE = "<!doctype html><meta charset=utf-8><title>Checks</title>" + "".join(
    f'<script src="/{name}.js"></script>' for name in [*SCRIPTS, "checks"]
)
MINUTES = 20  # a busy machine may be slow, but a browser that died never answers


def command(name: str, address: str, profile: Path) -> list[str]:
    """How a browser is started without a window."""
    program = find_browser(name)
    if name == "firefox":
        return [program, "--headless", "--no-remote", "--profile", str(profile), address]
    switches = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    return [program, *switches, f"--user-data-dir={profile}", address]


class Computer:
    """A browser that does one check after another."""

    def __init__(self, name: str, profile: Path) -> None:
        self.questions: queue.Queue[dict[str, Any]] = queue.Queue()
        self.answers: queue.Queue[dict[str, Any]] = queue.Queue()
        computer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def send(self, content: bytes, kind: str) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.end_headers()
                self.wfile.write(content)

            def do_GET(self) -> None:
                if self.path == "/question":
                    self.send(json.dumps(computer.questions.get()).encode(), "application/json")
                elif self.path == "/checks.js":
                    self.send(CHECKS.read_bytes(), "text/javascript")
                elif self.path.endswith(".js"):
                    self.send((FOLDER / self.path[1:]).read_bytes(), "text/javascript")
                else:
                    self.send(PAGE.encode(), "text/html")

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                computer.answers.put(json.loads(self.rfile.read(length)))
                self.send(b"", "text/plain")

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        line = command(name, f"http://127.0.0.1:{self.server.server_port}/", profile)
        self.process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __call__(self, check: str, **given: Any) -> Any:
        """Have a check of `laboratory_checks.js` done, and return its result."""
        self.questions.put({"check": check, "given": given})
        answer = self.answers.get(timeout=60 * MINUTES)
        assert "error" not in answer, answer["error"]
        return answer["value"]

    def close(self) -> None:
        """End the browser and the server."""
        self.questions.put({})
        self.process.terminate()
        self.process.wait()
        self.server.shutdown()
        self.server.server_close()
