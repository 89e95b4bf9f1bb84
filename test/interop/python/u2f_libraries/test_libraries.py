"""U2F: the server libraries of other languages judge what `softkey u2f` made of their requests.

Each program in servers/ is a library with one user. It is called with the
application and the origin, and answers a line of JSON to a line:

    register          the request that a page would be given
    bind RESPONSE     {"ok": true}, or {"error": …}
    sign              the request to sign in
    verify RESPONSE   {"ok": true, "counter": …}; not all tell the counter
"""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from softkey import PATIENCE, Refused, ask, run

APP_ID = "https://example.com"
SERVERS = Path(__file__).parent / "servers"
NODE_MODULES = os.environ["U2F_NODE_MODULES"]
COMMANDS = {
    "Authen::U2F": ["perl", SERVERS / "authen_u2f.pl"],
    "Crypt::U2F::Server": ["perl", SERVERS / "crypt_u2f_server.pl"],
    "ruby-u2f": ["ruby", SERVERS / "ruby_u2f.rb"],
    "u2f-php-server": ["php", SERVERS / "u2f_php_server.php"],
    "u2f-server": [sys.executable, SERVERS / "u2f_server.py"],
    "npm u2f": ["node", "--no-deprecation", SERVERS / "npm_u2f.cjs"],
}


class Server:
    """A running program of servers/."""

    def __init__(self, library, *arguments):
        self.process = subprocess.Popen(
            [*COMMANDS[library], APP_ID, APP_ID, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "NODE_PATH": NODE_MODULES},
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        assert self.process.wait(timeout=PATIENCE) == 0

    def do(self, step, response=None):
        self.process.stdin.write(step if response is None else f"{step} {json.dumps(response)}")
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@pytest.fixture(params=COMMANDS)
def server(request):
    with Server(request.param) as server:
        yield server


@pytest.fixture
def device(tmp_path):
    return "--device", "loopback", "--state", tmp_path / "state"


def register(device, request):
    return ask("u2f", "register", "--origin", APP_ID, *device, request=request)


def authenticate(device, request):
    return ask("u2f", "authenticate", "--origin", APP_ID, *device, request=request)


@pytest.fixture
def enrolled(server, device):
    """The server, which has registered the key of device."""
    assert server.do("bind", register(device, server.do("register"))) == {"ok": True}
    return server


def test_sign_in(enrolled, device):
    for counter in 1, 2, 3:
        response = authenticate(device, enrolled.do("sign"))
        verdict = enrolled.do("verify", response)
        assert verdict.get("ok"), verdict
        assert verdict.get("counter", counter) == counter == counter_of(response)


def counter_of(response):
    return int.from_bytes(decoded(response["signatureData"])[1:5])


def decoded(text):
    return bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def test_replay(enrolled, device):
    """A response to another challenge is refused."""
    old = authenticate(device, enrolled.do("sign"))
    enrolled.do("sign")
    assert "error" in enrolled.do("verify", old)


def test_altered_registration(server, device):
    response = register(device, server.do("register"))
    response["registrationData"] = altered(response["registrationData"])
    assert "error" in server.do("bind", response)


def test_altered_signature(enrolled, device):
    response = authenticate(device, enrolled.do("sign"))
    response["signatureData"] = altered(response["signatureData"])
    assert "error" in enrolled.do("verify", response)


def altered(text):
    """Changes the last bit of what base64url text encodes."""
    data = decoded(text)
    data[-1] ^= 1
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def test_enrol_twice(enrolled, device):
    """The key is asked not to register again: error 4, which the servers' pages show."""
    known = enrolled.do("sign")
    with pytest.raises(Refused) as refused:
        register(device, {"appId": APP_ID, "registerRequests": [enrolled.do("register")], "registeredKeys": [known]})
    assert json.loads(refused.value.stdout) == {"errorCode": 4, "errorMessage": "DEVICE_INELIGIBLE"}


def test_copied_key(tmp_path, device):
    """A counter that does not rise is refused, by those libraries that keep it."""
    for library in "ruby-u2f", "u2f-php-server":
        with Server(library) as server:
            key = "--device", "loopback", "--seed", "00" * 32, "--ephemeral"  # each command begins at 1
            assert server.do("bind", register(key, server.do("register"))) == {"ok": True}
            assert server.do("verify", authenticate(key, server.do("sign")))["counter"] == 1
            assert "counter" in server.do("verify", authenticate(key, server.do("sign")))["error"].lower()


@pytest.mark.parametrize("trusted", [True, False])
def test_roots_of_php(tmp_path, device, trusted):
    """u2f-php-server accepts the key of a root that it has, and no other."""
    roots = tmp_path / "roots"
    roots.mkdir()
    state = device if trusted else ("--state", tmp_path / "other")
    register(("--device", "loopback", *state[-2:]), {"version": "U2F_V2", "challenge": "AAAA", "appId": APP_ID})
    (roots / "root.pem").write_text(run("attestation", "export", *state[-2:]))
    with Server("u2f-php-server", str(roots)) as server:
        verdict = server.do("bind", register(device, server.do("register")))
    assert verdict == {"ok": True} if trusted else "can not be validated" in verdict["error"]
