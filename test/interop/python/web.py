"""Web servers that a suite starts, and what is asked of them."""

import json
import subprocess
import sys
import threading
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, Request, build_opener

from softkey import PATIENCE


class Server:
    """A Python program that calls serving.serve; the with statement ends it.

    It is asked as one browser would, which keeps its cookies. What it says goes to the file log, a Path.
    """

    def __init__(self, log, program, *arguments, python=sys.executable):
        with open(log, "ab") as file:
            self._process = subprocess.Popen(
                [python, "-u", program, *arguments],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=file, text=True,
            )  # fmt: skip
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()))
        impatient = threading.Timer(PATIENCE, self._process.kill)
        impatient.start()
        line = self._process.stdout.readline()
        impatient.cancel()
        if not line.startswith("ready "):
            self.stop()
            raise RuntimeError(f"{program} printed {line!r}, not ready; {log.read_text(errors='replace')}")
        self.port = int(line.split()[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Ends the program, which ends with its standard input."""
        self._process.stdin.close()
        try:
            self._process.wait(timeout=PATIENCE)
        finally:
            self._process.kill()
            self._process.stdout.close()

    def get(self, path, headers=()):
        """Returns the status of the answer and its text."""
        return self._send(path, "GET", headers)

    def post(self, path, body=None, headers=()):
        """Does the same with JSON, or with nothing."""
        if body is None:
            return self._send(path, "POST", headers)
        return self._send(path, "POST", {**dict(headers), "Content-Type": "application/json"}, json.dumps(body).encode())

    def _send(self, path, method, headers, data=None):
        request = Request(f"http://localhost:{self.port}{path}", data, dict(headers), method=method)
        try:
            with self._opener.open(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as answer:
            with answer:
                return answer.code, answer.read().decode()
