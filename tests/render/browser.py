"""
A real browser without a window: it opens a page, types, and tells what it shows.

It is spoken to over two pipes (`--remote-debugging-pipe`, the Chrome DevTools Protocol): no port, no library.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Self

PATH = shutil.which("chromium") or shutil.which("google-chrome") or ""
PARAMETERS = ("--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--no-first-run")


class Browser:
    """
    One page in a browser of its own.
    """

    def __init__(self, folder: Path) -> None:
        told, self.tell = os.pipe()
        self.hear, hears = os.pipe()
        # the browser reads file 3 and writes file 4
        script = f'exec "$0" "$@" 3<&{told} 4>&{hears}'
        arguments = ("bash", "-c", script, PATH, *PARAMETERS, f"--user-data-dir={folder / 'profile'}")
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(arguments, pass_fds=(told, hears), stdout=quiet, stderr=quiet)
        os.close(told)
        os.close(hears)
        self.heard, self.number, self.session = b"", 0, ""
        self.loaded: list[str] = []

    def __enter__(self) -> Self:
        """
        Open an empty page.
        """
        page = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        self.ask("Network.enable")
        return self

    def __exit__(self, *_: object) -> None:
        """
        Close the browser.
        """
        self.process.kill()
        self.process.wait()
        os.close(self.tell)
        os.close(self.hear)

    def ask(self, method: str, **parameters: Any) -> Any:
        """
        Return the browser's answer.
        """
        self.number += 1
        question = {"id": self.number, "method": method, "params": parameters}
        question |= {"sessionId": self.session} if self.session else {}
        os.write(self.tell, json.dumps(question).encode() + b"\0")
        while True:
            message = self._message()
            if message.get("method") == "Network.requestWillBeSent":
                self.loaded.append(message["params"]["request"]["url"])
            if message.get("id") == self.number:
                assert "error" not in message, message
                return message["result"]

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self.heard:
            chunk = os.read(self.hear, 1 << 20)
            assert chunk, "the browser has gone"
            self.heard += chunk
        one, _, self.heard = self.heard.partition(b"\0")
        message: dict[str, Any] = json.loads(one)
        return message

    def opens(self, page: Path, *, dark: bool = False) -> None:
        """
        Open a file, and wait until it is there.
        """
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.ask("Emulation.setEmulatedMedia", features=scheme)
        self.ask("Page.navigate", url=page.as_uri())
        while self.says("document.readyState") != "complete" or not self.says("!!document.querySelector('output')"):
            continue

    def says(self, expression: str) -> Any:
        """
        Return what an expression comes to in the page.
        """
        return self.ask("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def presses(self, *keys: str) -> None:
        """
        Press keys, one after the other: letters, or the names of keys.
        """
        codes = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowDown": 40}
        for key in keys:
            typed = {"text": "\r" if key == "Enter" else key} if key not in codes or key == "Enter" else {}
            down = {"type": "keyDown", "key": key, "windowsVirtualKeyCode": codes.get(key, 0), **typed}
            self.ask("Input.dispatchKeyEvent", **down)
            self.ask("Input.dispatchKeyEvent", type="keyUp", key=key)
