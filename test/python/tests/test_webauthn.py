"""python-fido2's Fido2Server judges what a key answered to its options."""

import pytest
from fido2.server import Fido2Server
from softkey_testing import Key, SoftkeyError

RP = {"id": "example.com", "name": "Example"}
USER = {"id": b"ada", "name": "ada", "displayName": "Ada"}


@pytest.fixture
def server():
    return Fido2Server(RP)


def register(server, key, credentials=None, **kwargs):
    options, state = server.register_begin(USER, credentials, **{"user_verification": "discouraged", **kwargs})
    return server.register_complete(state, key.create(dict(options))).credential_data


def sign_in(server, key, credential, user_verification="discouraged", **kwargs):
    options, state = server.authenticate_begin([credential], user_verification)
    response = key.get(dict(options), **kwargs)
    server.authenticate_complete(state, [credential], response)
    return response


def test_register_and_sign_in(softkey, server):
    credential = register(server, softkey)
    assert sign_in(server, softkey, credential)["type"] == "public-key"


def test_passkey(softkey, server):
    credential = register(server, softkey, resident_key_requirement="required")
    response = softkey.get({"publicKey": {"challenge": "abc", "rpId": "example.com"}})
    assert response["id"] == sign_in(server, softkey, credential)["id"]


@pytest.mark.softkey(pin="4711")
def test_pin(softkey, server):
    credential = register(server, softkey, user_verification="required")
    sign_in(server, softkey, credential, "required")
    softkey.pin = "0000"
    with pytest.raises(SoftkeyError) as e:
        sign_in(server, softkey, credential, "required")
    assert (e.value.name, e.value.exit_code) == ("NotAllowedError", 3)


@pytest.mark.softkey(verification="approve")
def test_built_in_verification(softkey, server):
    sign_in(server, softkey, register(server, softkey, user_verification="required"), "required")


@pytest.mark.softkey(origin="https://login.example.com")
def test_origin(softkey, server):
    credential = register(server, softkey)
    with pytest.raises(SoftkeyError) as e:
        sign_in(server, softkey, credential, origin="https://evil.example")
    assert e.value.name == "SecurityError"
    with pytest.raises(ValueError, match="[Oo]rigin"):
        register(Fido2Server(RP, verify_origin=lambda origin: origin == "https://example.com"), softkey)


def test_registered_already(softkey, server):
    credential = register(server, softkey)
    with pytest.raises(SoftkeyError) as e:
        register(server, softkey, [credential])
    assert (e.value.name, e.value.exit_code) == ("InvalidStateError", 3)


def test_keys_share_nothing(start_softkey, server):
    mine, yours = start_softkey(), start_softkey()
    credential = register(server, mine)
    with pytest.raises(SoftkeyError) as e:
        sign_in(server, yours, credential)
    assert (e.value.name, e.value.exit_code) == ("NotAllowedError", 3)
    sign_in(server, mine, credential)


def test_options_without_a_relying_party():
    with Key() as key, pytest.raises(SoftkeyError, match="the options have no RP ID"):
        key.get({"challenge": "abc"})
