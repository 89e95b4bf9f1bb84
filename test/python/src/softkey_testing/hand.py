"""The hand on a key: HTTP over the control socket of `softkey run --control`."""

from __future__ import annotations

import http.client
import json
import os
import socket
from pathlib import Path
from typing import Any

from softkey_testing.program import SoftkeyError

PATIENCE = 90  # seconds; more than a request may wait


class Hand:
    """Touches, refuses, unplugs and plugs in. Its methods may be called from any thread."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)

    def answer(self, how: str, wait: str) -> dict[str, Any]:
        """Answers the prompt, or the next within the duration wait, by "touch" or "refuse"; returns the prompt."""
        prompt: dict[str, Any] = self.ask("POST", f"{how}?wait={wait}")["prompt"]
        return prompt

    def ask(self, method: str, request: str) -> dict[str, Any]:
        """Makes a request of the interface, and returns the answer."""
        connection = _Connection(self._path)
        try:
            connection.request(method, f"/v1/{request}")
            response = connection.getresponse()
            body: dict[str, Any] = json.load(response)
        except OSError as e:
            raise SoftkeyError(f"the key does not answer: {e}") from e
        finally:
            connection.close()
        if response.status != http.HTTPStatus.OK:
            raise SoftkeyError(str(body["error"]))
        return body


class _Connection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("softkey", timeout=PATIENCE)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(str(self._path))
