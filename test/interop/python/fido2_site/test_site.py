"""python-fido2's example server over HTTP: a page of its site asks `softkey webauthn`, or python-fido2's own client.

The site is the example as it comes with python-fido2's sources; serve.py gives it a port.
"""

import json
import os
from contextlib import contextmanager
from pathlib import Path

import pytest
from fido2.client import ClientError, DefaultClientDataCollector, Fido2Client
from softkey import Key, Refused, ask, socket_in
from softkey_testing.hid import open_device
from web import Server

EXAMPLE = Path(os.environ["FIDO2_EXAMPLES"]) / "server"
OK = {"status": "OK"}
EVIL = "https://evil.example"


class Site(Server):
    """The example server, with no credentials yet."""

    def __init__(self, log):
        super().__init__(log, Path(__file__).with_name("serve.py"), EXAMPLE)
        self.log = log
        self.origin = f"http://localhost:{self.port}"

    def call(self, path, body=None):
        status, text = self.post(f"/api/{path}", body)
        if status != 200:
            raise Rejected(status)
        return json.loads(text)

    def said(self):
        return self.log.read_text()


class Rejected(Exception):
    """The site answered with a status that is not 200."""


@contextmanager
def rejects(site, reason):
    """Wants the site to fail, and its log to tell the reason."""
    before = len(site.said())
    with pytest.raises(Rejected, match="500"):
        yield
    said = site.said()[before:]
    assert reason in said.splitlines(), said


@pytest.fixture
def site(tmp_path):
    with Site(tmp_path / "log") as site:
        yield site


KEYS = {"CTAP2": (), "no PIN": ("--no-client-pin",), "U2F": ("--profile", "u2f")}


@pytest.fixture(params=KEYS)
def key(request, tmp_path):
    """The flags of a key."""
    return "--device", "loopback", "--state", tmp_path / "state", *KEYS[request.param]


@pytest.fixture
def one_key(tmp_path):
    """The flags of one key, where it does not matter which."""
    return "--device", "loopback", "--state", tmp_path / "state"


def create(site, key, origin=None, **changes):
    return page("create", origin or site.origin, key, site.call("register/begin"), changes)


def get(site, key, origin=None, **changes):
    return page("get", origin or site.origin, key, site.call("authenticate/begin"), changes)


def page(ceremony, origin, key, options, changes):
    """Does what a page of an origin does; changes are of the options."""
    return ask("webauthn", ceremony, "--origin", origin, *key, request={**options["publicKey"], **changes})


@pytest.mark.acceptance("S003-3")
def test_sign_in(site, key):
    assert site.call("register/complete", create(site, key)) == OK
    for count in 1, 2:
        assert site.call("authenticate/complete", get(site, key)) == OK
        assert site.said().count("ASSERTION OK") == count


@pytest.fixture
def enrolled(site, one_key):
    """The site, at which the key is registered."""
    assert site.call("register/complete", create(site, one_key)) == OK
    return site


@pytest.mark.acceptance("S003-3")
def test_wrong_origin(enrolled, one_key):
    """The key does not sign for a page of another site."""
    for ceremony in create, get:
        with pytest.raises(Refused) as refused:
            ceremony(enrolled, one_key, origin=EVIL)
        assert refused.value.name == "SecurityError"


@pytest.mark.acceptance("S003-3")
def test_relayed_registration(site, one_key):
    """A page of another site that asks in its own name gets something that the site does not take."""
    response = create(site, one_key, origin=EVIL, rp={"id": "evil.example", "name": "Demo server"})
    with rejects(site, "ValueError: Invalid origin in CollectedClientData."):
        site.call("register/complete", response)


@pytest.mark.acceptance("S003-3")
def test_relayed_sign_in(enrolled, one_key):
    """It gets nothing where it asks for credentials that are not its own."""
    with pytest.raises(Refused) as refused:
        get(enrolled, one_key, origin=EVIL, rpId="evil.example")
    assert refused.value.name == "NotAllowedError"


@pytest.mark.acceptance("S003-3")
def test_replay(enrolled, one_key):
    response = get(enrolled, one_key)
    assert enrolled.call("authenticate/complete", response) == OK
    enrolled.call("authenticate/begin")
    with rejects(enrolled, "ValueError: Wrong challenge in response."):
        enrolled.call("authenticate/complete", response)


@pytest.mark.acceptance("S003-3")
def test_second_registration(enrolled, one_key):
    with pytest.raises(Refused) as refused:
        create(enrolled, one_key)
    assert refused.value.name == "InvalidStateError"


@pytest.mark.acceptance("S003-3")
def test_foreign_key(enrolled, tmp_path):
    with pytest.raises(Refused) as refused:
        get(enrolled, ("--device", "loopback", "--state", tmp_path / "other"))
    assert refused.value.name == "NotAllowedError"


@pytest.fixture
def client(site, tmp_path):
    """Makes python-fido2's client at a page of the site: client(*flags) plugs in a key with those flags."""
    opened = []

    def opener(*flags):
        key = Key(socket_in(tmp_path), "--ephemeral", *flags)
        device = open_device(key)
        opened[:] = device.close, key.stop
        return Fido2Client(device, DefaultClientDataCollector(site.origin))

    yield opener
    for close in opened:
        close()


def register(site, client):
    options = site.call("register/begin")["publicKey"]
    return site.call("register/complete", dict(client.make_credential(options)))


def sign_in(site, client):
    options = site.call("authenticate/begin")["publicKey"]
    return site.call("authenticate/complete", dict(client.get_assertion(options).get_response(0)))


@pytest.mark.acceptance("S003-3")
def test_client_of_python_fido2(site, client):
    client = client("--no-client-pin")
    assert (register(site, client), sign_in(site, client)) == (OK, OK)


@pytest.mark.acceptance("S003-3")
def test_client_of_python_fido2_wants_a_pin(site, client):
    """It takes user verification, which the site prefers at sign-in, for necessary with a key that could have a PIN."""
    client = client()
    assert register(site, client) == OK
    with pytest.raises(ClientError) as error:
        sign_in(site, client)
    assert error.value.code == ClientError.ERR.CONFIGURATION_UNSUPPORTED
