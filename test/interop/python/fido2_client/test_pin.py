"""authenticatorClientPIN: the PIN, its retries, and the tokens that it gives, by both protocols."""

from contextlib import nullcontext

import pytest
from fido2.client import ClientError, DefaultClientDataCollector, Fido2Client
from fido2.ctap import CtapError
from fido2.ctap2 import Ctap2
from fido2.ctap2.config import Config
from fido2.ctap2.pin import ClientPin, PinProtocolV1, PinProtocolV2
from fido2.server import Fido2Server
from fido2.webauthn import AuthenticatorData
from steps import ORIGIN, OTHER_PIN, PERMISSION, PIN, RP, Typist, create, get, refused, set_pin, token_for

ERR = CtapError.ERR
FLAG = AuthenticatorData.FLAG
USER = {"id": b"user", "name": "someone"}


@pytest.fixture(params=[PinProtocolV1, PinProtocolV2], ids=["one", "two"])
def protocol(request):
    return request.param()


@pytest.fixture
def ctap(device):
    return Ctap2(device)


def test_set_and_change(ctap, protocol):
    client_pin = ClientPin(ctap, protocol)
    with refused(ERR.PIN_NOT_SET):
        client_pin.get_pin_token(PIN)
    client_pin.set_pin(PIN)
    assert ctap.get_info().options["clientPin"] is True
    with refused(ERR.PIN_AUTH_INVALID):
        client_pin.set_pin(PIN)
    client_pin.change_pin(PIN, OTHER_PIN)
    with refused(ERR.PIN_INVALID):
        client_pin.get_pin_token(PIN)
    assert len(client_pin.get_pin_token(OTHER_PIN)) == 32


@pytest.mark.parametrize("pin, accepted", [("123", False), ("äöü", False), ("äöüß", True), ("x" * 63, True), ("x" * 64, False)])
def test_length(ctap, protocol, monkeypatch, pin, accepted):
    """A PIN has 4 code points at least and 63 bytes at most, and the key judges that too."""
    monkeypatch.setattr("fido2.ctap2.pin._pad_pin", lambda pin: pin.encode().ljust(64, b"\0"))
    with nullcontext() if accepted else refused(ERR.PIN_POLICY_VIOLATION):
        ClientPin(ctap, protocol).set_pin(pin)
    assert ctap.get_info().options["clientPin"] is accepted


def test_retries(connect, protocol):
    """Three wrong PINs latch the key until it is plugged in again, eight block it until it is reset."""
    key, device = connect()
    ctap = Ctap2(device)
    set_pin(ctap)
    for left, code in (7, ERR.PIN_INVALID), (6, ERR.PIN_INVALID), (5, ERR.PIN_AUTH_BLOCKED):
        wrong_pin(ctap, protocol, left, code)
    for pin in "wrong", PIN:
        with refused(ERR.PIN_AUTH_BLOCKED):
            ClientPin(ctap, protocol).get_pin_token(pin)
    for pair in (4, 3), (2, 1):
        key.stop()
        key, device = connect()
        for left in pair:
            wrong_pin(Ctap2(device), protocol, left, ERR.PIN_INVALID)
    key.stop()
    key, device = connect()
    wrong_pin(Ctap2(device), protocol, 0, ERR.PIN_BLOCKED)
    key.stop()
    ctap = Ctap2(connect()[1])
    with refused(ERR.PIN_BLOCKED):
        ClientPin(ctap, protocol).get_pin_token(PIN)
    ctap.reset()
    assert ctap.get_info().options["clientPin"] is False
    set_pin(ctap)
    assert ClientPin(ctap, protocol).get_pin_retries()[0] == 8


def wrong_pin(ctap, protocol, left, code):
    """Brings a wrong PIN; left retries remain."""
    client_pin = ClientPin(ctap, protocol)
    with refused(code):
        client_pin.get_pin_token("wrong", PERMISSION.GET_ASSERTION, RP["id"])
    assert client_pin.get_pin_retries()[0] == left


def test_right_pin_restores_retries(ctap, protocol):
    set_pin(ctap)
    for _ in range(3):
        for left in 7, 6:
            wrong_pin(ctap, protocol, left, ERR.PIN_INVALID)
        token_for(ctap, PERMISSION.GET_ASSERTION, RP["id"], protocol=protocol)
        assert ClientPin(ctap, protocol).get_pin_retries()[0] == 8


def test_token_verifies_the_user(ctap, protocol):
    set_pin(ctap)
    made = create(ctap, token=token_for(ctap, PERMISSION.MAKE_CREDENTIAL, RP["id"], protocol=protocol))
    assert made.auth_data.flags == FLAG.UP | FLAG.UV | FLAG.AT
    token = token_for(ctap, PERMISSION.GET_ASSERTION, RP["id"], protocol=protocol)
    signed = get(ctap, made.auth_data.credential_data, token=token)
    assert signed.auth_data.flags == FLAG.UP | FLAG.UV


def test_token_of_ctap_20(ctap, protocol):
    """The legacy token is good for one relying party, the first that it was used with."""
    set_pin(ctap)
    token = protocol, ClientPin(ctap, protocol).get_pin_token(PIN)
    made = create(ctap, token=token)
    assert made.auth_data.flags & FLAG.UV
    token = protocol, ClientPin(ctap, protocol).get_pin_token(PIN)
    get(ctap, made.auth_data.credential_data, options={"up": False}, token=token)
    with refused(ERR.PIN_AUTH_INVALID):
        create(ctap, rp={"id": "example.org", "name": "Other"}, token=token)


@pytest.mark.parametrize(
    "permission, rp_id",
    [(PERMISSION.GET_ASSERTION, RP["id"]), (PERMISSION.MAKE_CREDENTIAL, "example.org"), (PERMISSION.CREDENTIAL_MGMT, None)],
    ids=["another command", "another relying party", "management"],
)
def test_token_without_permission(ctap, protocol, permission, rp_id):
    set_pin(ctap)
    token = token_for(ctap, permission, rp_id, protocol=protocol)
    with refused(ERR.PIN_AUTH_INVALID):
        create(ctap, token=token)


def test_token_is_good_for_one_touch(ctap, protocol):
    set_pin(ctap)
    token = token_for(ctap, PERMISSION.MAKE_CREDENTIAL, RP["id"], protocol=protocol)
    create(ctap, token=token)
    with refused(ERR.PIN_AUTH_INVALID):
        create(ctap, token=token)


def test_tokens_of_another_kind(ctap, protocol):
    """A later token ends an earlier one, and so does a change of the PIN."""
    set_pin(ctap)
    old = token_for(ctap, PERMISSION.MAKE_CREDENTIAL, RP["id"], protocol=protocol)
    new = token_for(ctap, PERMISSION.MAKE_CREDENTIAL, RP["id"], protocol=protocol)
    with refused(ERR.PIN_AUTH_INVALID):
        create(ctap, token=old)
    ClientPin(ctap, protocol).change_pin(PIN, OTHER_PIN)
    with refused(ERR.PIN_AUTH_INVALID):
        create(ctap, token=new)


def test_discoverable_needs_the_pin(ctap):
    set_pin(ctap)
    with refused(ERR.PUAT_REQUIRED):
        create(ctap, rk=True)
    assert not create(ctap).auth_data.flags & FLAG.UV, "makeCredUvNotRqd"


def test_forced_change(ctap, protocol):
    set_pin(ctap)
    Config(ctap, *token_for(ctap, PERMISSION.AUTHENTICATOR_CFG)).set_min_pin_length(force_change_pin=True)
    assert ctap.get_info().force_pin_change is True
    client_pin = ClientPin(ctap, protocol)
    with refused(ERR.PIN_INVALID):
        client_pin.get_pin_token(PIN)
    with refused(ERR.PIN_POLICY_VIOLATION):
        client_pin.get_pin_token(PIN, PERMISSION.GET_ASSERTION, RP["id"])
    with refused(ERR.PIN_POLICY_VIOLATION):
        client_pin.change_pin(PIN, PIN)
    client_pin.change_pin(PIN, OTHER_PIN)
    assert ctap.get_info().force_pin_change is False
    client_pin.get_pin_token(OTHER_PIN, PERMISSION.GET_ASSERTION, RP["id"])


def client_of(device, pin=PIN):
    return Fido2Client(device, DefaultClientDataCollector(ORIGIN), Typist(pin))


@pytest.mark.parametrize("rk", ["discouraged", "required"])
def test_client(device, ctap, protocol, rk, monkeypatch):
    """WebAuthn with userVerification required: the client asks for the PIN, the server finds it verified."""
    monkeypatch.setattr(ClientPin, "PROTOCOLS", [type(protocol)])
    set_pin(ctap)
    client, server = client_of(device), Fido2Server(RP)
    options, state = server.register_begin(USER, user_verification="required", resident_key_requirement=rk)
    credential = server.register_complete(state, client.make_credential(options.public_key)).credential_data
    options, state = server.authenticate_begin([credential] if rk == "discouraged" else None, "required")
    server.authenticate_complete(state, [credential], client.get_assertion(options.public_key).get_response(0))


def test_client_with_a_wrong_pin(device, ctap):
    set_pin(ctap)
    options, _ = Fido2Server(RP).register_begin(USER, user_verification="required")
    with pytest.raises(ClientError) as e:
        client_of(device, "wrong").make_credential(options.public_key)
    assert e.value.cause.code == ERR.PIN_INVALID
