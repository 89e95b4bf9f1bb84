"""LinOTP's rules for tokens of the type u2f: what a LinOTP accepted keeps them, and what `softkey u2f` makes does.

A LinOTP itself is asked by test_server.py, where there is a Python 2.7 for it.
"""

import base64
import json
import shutil
from pathlib import Path

import pytest
from client import APP_ID, EVIL, FORMS, Client
from relying_party import Rejected, Token, decoded
from softkey import Refused

pytestmark = pytest.mark.acceptance("S004-4")
ACCEPTED = json.loads((Path(__file__).parent / "testdata" / "accepted.json").read_text())["exchanges"]


@pytest.fixture(params=FORMS)
def client(request, tmp_path):
    return Client(tmp_path / "key", request.param)


@pytest.fixture
def token():
    return Token(APP_ID)


@pytest.fixture
def enrolled(token, client):
    token.register(client.answer("register", token.challenge()))
    return token


def recorded(exchange, token, **changes):
    """Gives a token a response that a LinOTP accepted, to the request that it was made for."""
    token.challenge(exchange["request"]["challenge"])
    take = token.register if exchange["action"] == "register" else token.check
    return take({**exchange["response"], **changes})


def test_recorded_exchanges(token):
    assert [recorded(exchange, token) for exchange in ACCEPTED] == [None, 10, 11]


def test_recorded_counter(token):
    """The later sign-in first: LinOTP takes the earlier for that of a clone."""
    register, earlier, later = ACCEPTED
    recorded(register, token)
    assert recorded(later, token) == 11
    with pytest.raises(Rejected, match="counter"):
        recorded(earlier, token)
    assert not token.active


def test_sign_in(enrolled, client):
    for counter in 1, 2, 3:
        assert enrolled.check(client.answer("authenticate", enrolled.challenge())) == counter


def test_padding(enrolled, client):
    """The challenge comes back as it went, and everything else without padding."""
    request = enrolled.challenge()
    response = client.answer("authenticate", request)
    assert request["challenge"].endswith("=")
    assert json.loads(decoded(response["clientData"]))["challenge"] == request["challenge"]
    assert not any(response[name].endswith("=") for name in ("keyHandle", "clientData", "signatureData"))


def test_padding_matters(enrolled, client):
    request = enrolled.challenge()
    with pytest.raises(Rejected, match="challenge"):
        enrolled.check(client.answer("authenticate", {**request, "challenge": request["challenge"].rstrip("=")}))


def test_replay(enrolled, client):
    response = client.answer("authenticate", enrolled.challenge())
    enrolled.check(response)
    enrolled.challenge()
    with pytest.raises(Rejected, match="challenge"):
        enrolled.check(response)


@pytest.mark.parametrize("action", ["register", "authenticate"])
def test_wrong_origin(token, client, action):
    if action == "authenticate":
        token.register(client.answer("register", token.challenge()))
    take = token.check if action == "authenticate" else token.register
    with pytest.raises(Rejected, match="origin"):
        take(client.answer(action, token.challenge(), origin=EVIL))


def test_lower_counter(enrolled, client, tmp_path):
    """A clone of the key that signs after the key costs the user the token."""
    clone = Client(shutil.copytree(client.folder, tmp_path / "clone"), client.form)
    enrolled.check(client.answer("authenticate", enrolled.challenge()))
    with pytest.raises(Rejected, match="counter"):
        enrolled.check(clone.answer("authenticate", enrolled.challenge()))
    with pytest.raises(Rejected, match="inactive"):
        enrolled.check(client.answer("authenticate", enrolled.challenge()))


def test_user_presence(enrolled, client):
    """A signature that claims no touch is refused before it is verified."""
    response = client.answer("authenticate", enrolled.challenge())
    data = bytearray(decoded(response["signatureData"]))
    data[0] = 0
    with pytest.raises(Rejected, match="user presence"):
        enrolled.check({**response, "signatureData": base64.urlsafe_b64encode(data).decode()})


def test_altered_signature(enrolled, client):
    response = client.answer("authenticate", enrolled.challenge())
    data = bytearray(decoded(response["signatureData"]))
    data[4] += 1  # the counter
    with pytest.raises(Rejected, match="signature"):
        enrolled.check({**response, "signatureData": base64.urlsafe_b64encode(data).decode()})


def test_key_handle(enrolled, client):
    response = client.answer("authenticate", enrolled.challenge())
    with pytest.raises(Rejected, match="key handle"):
        enrolled.check({**response, "keyHandle": response["keyHandle"] + "="})


def test_foreign_key(enrolled, client, tmp_path):
    with pytest.raises(Refused) as refused:
        Client(tmp_path / "other", client.form).answer("authenticate", enrolled.challenge())
    assert refused.value.exit_code == {"softkey": 3, "u2f-host": 1}[client.form]
