"""U2F: the example servers of python-u2flib-server, asked by the lines of their READMEs.

Five of the versions want Python 2.7. Where there is none they do not run, which
the script says that starts this suite.
"""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from softkey import PATIENCE, Refused, ask

SOURCES = Path(os.environ["U2FLIB_SOURCES"])  # a folder for each version
PYTHON27 = os.environ["U2FLIB_PYTHON27"]  # empty: there is none
PACKAGES27 = os.environ["U2FLIB_PACKAGES27"]  # what the old versions import
OLD = "1.0.0", "2.0.0", "3.0.1", "3.2.0", "4.0.1"
VERSIONS = [*(OLD if PYTHON27 else ()), "5.0.1"]


class Server:
    """A running example server."""

    def __init__(self, version, port, log):
        source = SOURCES / f"python-u2flib-server-{version}"
        old = version in OLD
        self.origin = f"http://localhost:{port}"
        self.version = version
        self.process = subprocess.Popen(
            [PYTHON27 if old else sys.executable, source / "examples" / "u2f_server.py", "-i", "127.0.0.1", "-p", str(port)],
            env={**os.environ, "PYTHONPATH": f"{PACKAGES27}:{source}" if old else ""}, stdout=log, stderr=log,
        )
        self.await_port(port)

    def await_port(self, port):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.05)
        self.process.kill()
        raise RuntimeError(f"u2f_server.py {self.version} does not listen")

    def curl(self, path, data=None):
        """Returns the JSON that the server answers."""
        form = () if data is None else ("--data-urlencode", f"data={data}")
        done = subprocess.run(["curl", "-sSf", self.origin + path, *form], capture_output=True, text=True, timeout=PATIENCE)
        if done.returncode != 0:
            raise Rejected(done.stderr)
        return json.loads(done.stdout)

    def bind(self, response):
        text = json.dumps(response)
        return self.curl("/bind", f"[{text}]" if self.version == "1.0.0" else text)

    def verify(self, response):
        return self.curl("/verify", json.dumps(response))


class Rejected(Exception):
    """The server answered with an error."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(params=VERSIONS)
def server(request, tmp_path):
    with open(tmp_path / "log", "wb") as log:
        server = Server(request.param, free_port(), log)
        yield server
        server.process.kill()
        server.process.wait(timeout=PATIENCE)


@pytest.fixture
def key(tmp_path):
    return "--device", "loopback", "--state", tmp_path / "state"


def register(server, key, origin=None):
    return ask("u2f", "register", "--origin", origin or server.origin, *key, request=server.curl("/enroll"))


def authenticate(server, key, origin=None):
    return ask("u2f", "authenticate", "--origin", origin or server.origin, *key, request=server.curl("/sign"))


def test_seed_lines(server, key):
    """curl /enroll, /bind, /sign, /verify."""
    assert server.bind(register(server, key)) is True
    for counter in 1, 2, 3:
        verdict = server.verify(authenticate(server, key))
        assert verdict["counter"] == counter
        assert verdict["touch"] in ("\u0001", 1)


def test_wrong_origin(server, key):
    with pytest.raises(Rejected, match="400"):
        server.bind(register(server, key, "http://evil.example"))
    assert server.bind(register(server, key)) is True
    with pytest.raises(Rejected, match="400"):
        server.verify(authenticate(server, key, "http://evil.example"))


def test_foreign_key(server, key, tmp_path):
    """The key handle of one key is nothing to another."""
    assert server.bind(register(server, key)) is True
    with pytest.raises(Refused) as refused:
        authenticate(server, ("--device", "loopback", "--state", tmp_path / "other"))
    assert json.loads(refused.value.stdout)["errorCode"] == 4


def test_second_registration(server, key):
    """Versions that tell which keys they know are told that this is one of them."""
    assert server.bind(register(server, key)) is True
    request = server.curl("/enroll")
    known = request.get("registeredKeys") or request.get("authenticateRequests")
    assert bool(known) == (server.version >= "3.2")
    if known:
        with pytest.raises(Refused) as refused:
            ask("u2f", "register", "--origin", server.origin, *key, request=request)
        assert json.loads(refused.value.stdout) == {"errorCode": 4, "errorMessage": "DEVICE_INELIGIBLE"}


def test_missing_application(key):
    """u2f-host registers for an application of no name; softkey does not."""
    with pytest.raises(Refused) as refused:
        ask("u2f", "register", "--origin", "http://localhost:8081", *key, request={"version": "U2F_V2", "challenge": "AAAA"})
    assert refused.value.exit_code == 1
    assert json.loads(refused.value.stdout)["errorCode"] == 2
