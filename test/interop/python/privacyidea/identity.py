"""privacyIDEA, as an administrator and as an application ask it, over HTTP."""

import json
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import urlencode

import pytest
from web import Server

ORIGIN = "https://pi.example.com"
RP_ID = "pi.example.com"
PIN = "1234"  # of each token: the first factor
USERS = 100


class PrivacyIDEA(Server):
    """A server with a realm of users, at the site ORIGIN."""

    def __init__(self, folder):
        password = "2468"
        super().__init__(folder / "stderr", Path(__file__).with_name("serve.py"), folder, password)
        self._log = folder / "log"
        self._users = count()
        self._authorization = {}
        token = self.ask("/auth", username="admin", password=password)["result"]["value"]["token"]
        self._authorization = {"Authorization": token}
        self._make_realm(folder / "passwd")
        self.policy("site", "enrollment", webauthn_relying_party_id=RP_ID, webauthn_relying_party_name="Example")

    def _make_realm(self, passwd):
        passwd.write_text("".join(f"user{n}:x:{n}:{n}:User {n}:/:/bin/false\n" for n in range(USERS)))
        self.ask("/resolver/users", type="passwdresolver", fileName=str(passwd))
        self.ask("/realm/realm", resolvers="users")
        self.ask("/defaultrealm/realm")

    def new_user(self):
        """Returns the name of a user without tokens."""
        return f"user{next(self._users)}"

    def policy(self, name, scope, user="", **actions):
        """Sets a policy, for one user or all."""
        action = ", ".join(f"{action}={value}" for action, value in actions.items())
        self.ask(f"/policy/{name}", active=True, scope=scope, action=action, user=user)

    def ask(self, path, origin=ORIGIN, **parameters):
        """Returns the answer to a request of a page of an origin; Rejected if it is an error."""
        status, text = self.post(path, parameters, {"Origin": origin, **self._authorization})
        answer = json.loads(text)
        if not answer["result"]["status"]:
            raise Rejected(status, answer["result"]["error"]["message"])
        return answer

    def enroll(self, kind, origin=ORIGIN, **parameters):
        """Does a step of an enrolment and returns its details, if it has any."""
        return self.ask("/token/init", origin, type=kind, **parameters).get("detail")

    def challenge(self, user):
        """Returns the details of the challenge that the first factor of a user gets."""
        answer = self.ask("/validate/check", user=user, **{"pass": PIN})
        assert answer["result"]["authentication"] == "CHALLENGE", answer
        return answer["detail"]

    def check(self, origin=ORIGIN, **response):
        """Returns privacyIDEA's verdict on the response to a challenge, such as ACCEPT."""
        return self.ask("/validate/check", origin, **response)["result"]["authentication"]

    def tokens(self, **which):
        """Returns what the administrator sees of the tokens with a serial number, or of a user."""
        status, text = self.get(f"/token/?{urlencode(which)}", self._authorization)
        assert status == 200, text
        return json.loads(text)["result"]["value"]["tokens"]

    def token(self, serial):
        """Returns what the administrator sees of one token."""
        return self.tokens(serial=serial)[0]

    @contextmanager
    def says(self, *reasons):
        """Wants the log to tell one of the reasons: versions have their own words."""
        before = self._log.stat().st_size
        yield
        said = self._log.read_bytes()[before:].decode()
        assert any(reason in said for reason in reasons), f"none of {reasons} in the log: {said}"


class Rejected(Exception):
    """privacyIDEA answered with an error; the arguments are the status of HTTP and the message."""


@contextmanager
def rejects(reason):
    """Wants an error that begins so."""
    with pytest.raises(Rejected) as rejected:
        yield
    assert rejected.value.args[1].startswith(reason), rejected.value.args
