"""A LinOTP 2.11.1, asked over HTTP, for tokens of the type u2f.

Its administrator is whoever asks: in production that is for the web server before it.
"""

import json
import os
import shutil
from itertools import count
from pathlib import Path
from urllib.parse import urlencode

import pytest
from client import APP_ID, EVIL, FORMS, Client
from softkey import Refused
from web import Server

pytestmark = pytest.mark.acceptance("S004-4")
PYTHON27, PACKAGES, SOURCE = (os.environ[f"LINOTP_{name}"] for name in ("PYTHON27", "PACKAGES", "SOURCE"))
SESSION = "administrator"  # any text that a cookie has too


class LinOTP(Server):
    """A server with a realm of users."""

    def __init__(self, folder):
        program = Path(__file__).with_name("serve27.py")
        super().__init__(folder / "log", program, folder, PACKAGES, SOURCE, python=PYTHON27)
        self._users = count()
        passwd = folder / "passwd"
        passwd.write_text("".join(f"user{n}:x:{n}:{n}:User {n}:/:/bin/false\n" for n in range(100)))
        self.ask("/system/setResolver", name="users", type="passwdresolver", fileName=passwd)
        self.ask("/system/setRealm", realm="realm", resolvers="useridresolver.PasswdIdResolver.IdResolver.users")

    def new_user(self):
        return f"user{next(self._users)}"

    def ask(self, path, **parameters):
        """Returns the value of the answer, and its details."""
        query = urlencode({**parameters, "session": SESSION})
        status, text = self.get(f"{path}?{query}", {"Cookie": f"admin_session={SESSION}"})
        assert status == 200, text
        answer = json.loads(text)
        assert answer["result"]["status"], text
        return answer["result"]["value"], answer.get("detail")

    def begin(self, user):
        """Returns the serial number of a new token, and the request to register."""
        _, detail = self.ask("/admin/init", type="u2f", phase="registration1", user=user, appid=APP_ID)
        return detail["serial"], detail["registerrequest"]

    def finish(self, serial, response):
        return self.ask("/admin/init", type="u2f", phase="registration2", serial=serial, otpkey=json.dumps(response))[0]

    def challenge(self, user):
        """Returns the transaction and the request to sign in, or nothing for a user without a token."""
        detail = self.ask("/validate/check", user=user, **{"pass": ""})[1]
        return detail and (detail["transactionid"], detail["signrequest"])

    def check(self, user, transaction, response):
        return self.ask("/validate/check", user=user, transactionid=transaction, **{"pass": json.dumps(response)})[0]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with LinOTP(tmp_path_factory.mktemp("linotp")) as server:
        yield server


@pytest.fixture(params=FORMS)
def client(request, tmp_path):
    return Client(tmp_path / "key", request.param)


@pytest.fixture
def user(server, client):
    """A user with a token."""
    user = server.new_user()
    serial, request = server.begin(user)
    assert server.finish(serial, client.answer("register", request)) is True
    return user


def sign_in(server, user, client, origin=APP_ID):
    transaction, request = server.challenge(user)
    return server.check(user, transaction, client.answer("authenticate", request, origin))


def test_sign_in(server, user, client):
    for _ in range(3):
        assert sign_in(server, user, client) is True


def test_replay(server, user, client):
    transaction, request = server.challenge(user)
    response = client.answer("authenticate", request)
    assert server.check(user, transaction, response) is True
    assert server.check(user, transaction, response) is False


def test_response_to_another_challenge(server, user, client):
    transaction, request = server.challenge(user)
    assert server.check(user, server.challenge(user)[0], client.answer("authenticate", request)) is False
    assert sign_in(server, user, client) is True


def test_wrong_origin(server, user, client):
    assert sign_in(server, user, client, origin=EVIL) is False
    assert sign_in(server, user, client) is True


def test_lower_counter(server, user, client, tmp_path):
    """A clone of the key that signs after the key costs the user the token."""
    clone = Client(shutil.copytree(client.folder, tmp_path / "clone"), client.form)
    assert sign_in(server, user, client) is True
    assert sign_in(server, user, clone) is False
    assert server.challenge(user) is None


def test_foreign_key(server, user, client, tmp_path):
    with pytest.raises(Refused):
        sign_in(server, user, Client(tmp_path / "other", client.form))
