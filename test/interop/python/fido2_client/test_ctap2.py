"""The CTAP2 core, as python-fido2's Ctap2 speaks it."""

import os
from threading import Event

import pytest
from fido2 import cose
from fido2.ctap import STATUS, CtapError
from fido2.ctap1 import Ctap1
from fido2.ctap2 import Ctap2
from fido2.utils import sha256
from fido2.webauthn import AuthenticatorData

RP = {"id": "example.com", "name": "Example"}
ES256 = [{"type": "public-key", "alg": -7}]
FLAG = AuthenticatorData.FLAG


@pytest.fixture
def ctap2(device):
    return Ctap2(device)


def challenge():
    return os.urandom(32)


def create(ctap2, user=b"user", **kwargs):
    """Makes a credential and returns its AttestedCredentialData."""
    return ctap2.make_credential(challenge(), RP, {"id": user, "name": "someone"}, ES256, **kwargs).auth_data.credential_data


def descriptors(*credentials):
    return [{"type": "public-key", "id": c.credential_id} for c in credentials]


def touching(key):
    """Returns an on_keepalive that touches the key when it asks."""

    def on_keepalive(status):
        if status == STATUS.UPNEEDED:
            key.touch()

    return on_keepalive


def refused(code, call, *args, **kwargs):
    with pytest.raises(CtapError) as e:
        call(*args, **kwargs)
    assert e.value.code == code


@pytest.mark.parametrize("rk", [False, True])
def test_make_credential(ctap2, rk):
    response = ctap2.make_credential(challenge(), RP, {"id": b"user"}, ES256, options={"rk": rk})
    data = response.auth_data
    assert response.fmt == "packed"
    assert data.rp_id_hash == sha256(b"example.com")
    assert data.flags == FLAG.UP | FLAG.AT
    assert data.counter == 0
    assert data.credential_data.aaguid == ctap2.info.aaguid
    assert 64 <= len(data.credential_data.credential_id) <= 128


@pytest.mark.parametrize("rk", [False, True])
def test_get_assertion(ctap2, rk):
    credential = create(ctap2, options={"rk": rk})
    for counter in 1, 2, 3:
        hash = challenge()
        assertion = ctap2.get_assertion(RP["id"], hash, descriptors(credential))
        assertion.verify(hash, credential.public_key)
        assert assertion.credential["id"] == credential.credential_id
        assert assertion.auth_data.flags == FLAG.UP
        assert assertion.auth_data.counter == counter
        assert assertion.number_of_credentials is None


def test_denied(connect):
    ctap2 = Ctap2(connect(presence="deny")[1])
    refused(CtapError.ERR.OPERATION_DENIED, create, ctap2)
    refused(CtapError.ERR.OPERATION_DENIED, ctap2.selection)


def test_silent_assertion(ctap2):
    credential, hash = create(ctap2), challenge()
    assertion = ctap2.get_assertion(RP["id"], hash, descriptors(credential), options={"up": False})
    assertion.verify(hash, credential.public_key)
    assert assertion.auth_data.flags == 0


def test_allow_list(ctap2):
    mine, other = create(ctap2), create(ctap2)
    unknown = {"type": "public-key", "id": os.urandom(128)}
    assertion = ctap2.get_assertion(RP["id"], challenge(), [unknown, *descriptors(other, mine)])
    assert assertion.credential["id"] == other.credential_id
    refused(CtapError.ERR.NO_CREDENTIALS, ctap2.get_assertion, RP["id"], challenge(), [unknown])
    refused(CtapError.ERR.NO_CREDENTIALS, ctap2.get_assertion, "example.org", challenge(), descriptors(mine))


def test_several_accounts(ctap2):
    users = [b"anna", b"bert", b"carl"]
    credentials = {user: create(ctap2, user, options={"rk": True}) for user in users}
    create(ctap2, b"not discoverable")
    hash = challenge()
    assertions = ctap2.get_assertions(RP["id"], hash)
    assert [a.user["id"] for a in assertions] == users[::-1], "want the newest first"
    assert [a.number_of_credentials for a in assertions] == [3, None, None]
    for assertion in assertions:
        assertion.verify(hash, credentials[assertion.user["id"]].public_key)
    refused(CtapError.ERR.NOT_ALLOWED, ctap2.get_next_assertion)


def test_same_account_again_replaces(ctap2):
    old, new = create(ctap2, options={"rk": True}), create(ctap2, options={"rk": True})
    assertions = ctap2.get_assertions(RP["id"], challenge())
    assert [a.credential["id"] for a in assertions] == [new.credential_id]
    refused(CtapError.ERR.NO_CREDENTIALS, ctap2.get_assertion, RP["id"], challenge(), descriptors(old))


@pytest.mark.parametrize("rk", [False, True])
def test_exclude_list(ctap2, rk):
    credential = create(ctap2, options={"rk": rk})
    refused(CtapError.ERR.CREDENTIAL_EXCLUDED, create, ctap2, b"other", exclude_list=descriptors(credential))
    create(ctap2, b"other", exclude_list=[{"type": "public-key", "id": os.urandom(128)}])


def test_selection(ctap2):
    ctap2.selection()


def test_touch(connect):
    """The key says that it waits for the user, and goes on when the touch comes."""
    key, device = connect(presence="signal")
    touch, seen = touching(key), []
    create(Ctap2(device), on_keepalive=lambda status: (seen.append(status), touch(status)))
    assert STATUS.UPNEEDED in seen


def test_touch_that_does_not_come(connect):
    _, device = connect("--presence-timeout", "300ms", presence="ignore")
    refused(CtapError.ERR.USER_ACTION_TIMEOUT, create, Ctap2(device))


@pytest.mark.parametrize("command", ["make_credential", "get_assertion", "selection", "reset"])
def test_cancel(connect, command):
    """A pending touch is cancelled, and the key is usable at once."""
    key, device = connect(presence="signal")
    ctap2 = Ctap2(device)
    credential = create(ctap2, options={"rk": True}, on_keepalive=touching(key))
    calls = {
        "make_credential": lambda **kw: create(ctap2, **kw),
        "get_assertion": lambda **kw: ctap2.get_assertion(RP["id"], challenge(), descriptors(credential), **kw),
        "selection": ctap2.selection,
        "reset": ctap2.reset,
    }
    cancelled = Event()

    def on_keepalive(status):
        if status == STATUS.UPNEEDED:
            cancelled.set()

    refused(CtapError.ERR.KEEPALIVE_CANCEL, calls[command], event=cancelled, on_keepalive=on_keepalive)
    assert ctap2.get_info().aaguid == ctap2.info.aaguid
    hash = challenge()
    assertion = ctap2.get_assertion(RP["id"], hash, on_keepalive=touching(key))
    assertion.verify(hash, credential.public_key)


def test_reset(ctap2, device):
    discoverable, other = create(ctap2, options={"rk": True}), create(ctap2)
    ctap1 = Ctap1(device)
    handle = ctap1.register(challenge(), sha256(b"example.com")).key_handle
    before = ctap2.get_assertion(RP["id"], challenge(), descriptors(other)).auth_data.counter
    ctap2.reset()
    refused(CtapError.ERR.NO_CREDENTIALS, ctap2.get_assertion, RP["id"], challenge())
    for id in discoverable.credential_id, other.credential_id, handle:
        refused(CtapError.ERR.NO_CREDENTIALS, ctap2.get_assertion, RP["id"], challenge(), [{"type": "public-key", "id": id}])
    after = ctap2.get_assertion(RP["id"], challenge(), descriptors(create(ctap2))).auth_data.counter
    assert after > before, "the signature counter survives"


def test_u2f_key_through_ctap2(ctap2, device):
    registration = Ctap1(device).register(challenge(), sha256(b"example.com"))
    hash = challenge()
    assertion = ctap2.get_assertion(RP["id"], hash, [{"type": "public-key", "id": registration.key_handle}])
    assertion.verify(hash, cose.ES256.from_ctap1(registration.public_key))


def test_ctap2_credential_through_u2f(ctap2, device):
    credential, hash = create(ctap2), challenge()
    assertion = Ctap1(device).authenticate(hash, sha256(b"example.com"), credential.credential_id)
    point = b"\x04" + credential.public_key[-2] + credential.public_key[-3]
    assertion.verify(sha256(b"example.com"), hash, point)


@pytest.mark.parametrize(
    "parameters, code",
    [
        ({}, CtapError.ERR.MISSING_PARAMETER),
        ({1: bytes(31), 2: RP, 3: {"id": b"u"}, 4: ES256}, CtapError.ERR.INVALID_PARAMETER),
        ({1: bytes(32), 2: RP, 3: {"id": b"u"}, 4: []}, CtapError.ERR.UNSUPPORTED_ALGORITHM),
        ({1: bytes(32), 2: "example.com", 3: {"id": b"u"}, 4: ES256}, CtapError.ERR.CBOR_UNEXPECTED_TYPE),
        ({1: bytes(32), 2: RP, 3: {"id": b"u"}, 4: ES256, 7: {"up": False}}, CtapError.ERR.INVALID_OPTION),
        ({1: bytes(32), 2: RP, 3: {"id": b"u"}, 4: ES256, 7: {"uv": True}}, CtapError.ERR.INVALID_OPTION),
    ],
)
def test_bad_request(ctap2, parameters, code):
    refused(code, ctap2.send_cbor, Ctap2.CMD.MAKE_CREDENTIAL, parameters)
    create(ctap2)


def test_restart(connect):
    """What was registered before a restart works after it, and the counter goes on."""
    key, device = connect()
    ctap2 = Ctap2(device)
    credentials = create(ctap2, options={"rk": True}), create(ctap2, b"other")
    counter = ctap2.get_assertion(RP["id"], challenge(), descriptors(credentials[1])).auth_data.counter
    key.stop()
    ctap2 = Ctap2(connect()[1])
    for credential in credentials:
        hash = challenge()
        assertion = ctap2.get_assertion(RP["id"], hash, descriptors(credential))
        assertion.verify(hash, credential.public_key)
        counter += 1
        assert assertion.auth_data.counter == counter
    assert ctap2.get_assertion(RP["id"], challenge()).credential["id"] == credentials[0].credential_id
