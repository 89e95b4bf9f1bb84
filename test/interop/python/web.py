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

    def __init__(self, log, program, *arguments):
        with open(log, "ab") as file:
            self._process = subprocess.Popen(
                [sys.executable, "-u", program, *arguments],
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

    def post(self, path, body=None, headers=()):
        """Posts JSON, or nothing, and returns the status of the answer and its text."""
        request = Request(f"http://localhost:{self.port}{path}", method="POST", headers=dict(headers))
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            with self._opener.open(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as answer:
            with answer:
                return answer.code, answer.read().decode()
