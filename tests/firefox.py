"""Firefox from the system's packages, spoken to in WebDriver BiDi: no driver is needed."""

import json
import re
import subprocess
import tempfile

from tools.browsers import find_browser

SECONDS = 60


class Firefox:
    """A headless Firefox with one tab, for as long as the `with` block runs."""

    def __enter__(self):
        import websocket

        program = find_browser("firefox")
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        options = ("--headless", "--no-remote", "--remote-debugging-port", "0")
        self._process = subprocess.Popen(
            [program, *options, "--profile", self._profile.name],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        found = (re.search(r"ws://127\.0\.0\.1:\d+", line) for line in self._process.stderr)
        address = next(filter(None, found))[0]
        self._socket = websocket.create_connection(
            f"{address}/session", timeout=SECONDS, suppress_origin=True
        )
        self._number = 0
        self._send("session.new", capabilities={})
        self._context = self._send("browsingContext.getTree")["contexts"][0]["context"]
        return self

    def __exit__(self, *_):
        self._socket.close()
        self._process.terminate()
        self._process.wait(SECONDS)
        self._process.stderr.close()
        self._profile.cleanup()

    def _send(self, method, **parameters):
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:  # events come between the answers
            message = json.loads(self._socket.recv())
            if message.get("id") == self._number:
                assert message["type"] == "success", message
                return message["result"]

    def goto(self, url):
        self._send("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def set_size(self, width, height):
        size = {"width": width, "height": height}
        self._send("browsingContext.setViewport", context=self._context, viewport=size)

    def evaluate(self, expression):
        """The value of an expression, which may be a promise, by way of JSON."""
        result = self._send(
            "script.evaluate",
            expression=f"Promise.resolve({expression}).then(JSON.stringify)",
            target={"context": self._context},
            awaitPromise=True,
        )
        assert result["type"] == "success", result
        return json.loads(result["result"]["value"])
