"""Extensions: python-fido2's own halves of them ask the key, and decrypt and compare what it says."""

import zlib

import pytest
import steps
from fido2.client import DefaultClientDataCollector, Fido2Client
from fido2.ctap import CtapError
from fido2.ctap2 import Ctap2
from fido2.ctap2.base import args
from fido2.ctap2.config import Config
from fido2.ctap2.credman import CredentialManagement
from fido2.ctap2.extensions import (
    CredBlobExtension,
    CredProtectExtension,
    HmacSecretExtension,
    LargeBlobExtension,
    MinPinLengthExtension,
    PinComplexityPolicyExtension,
)
from fido2.ctap2.pin import ClientPin, PinProtocolV1, PinProtocolV2
from fido2.server import Fido2Server
from fido2.utils import sha256, websafe_decode, websafe_encode
from fido2.webauthn import AuthenticatorData
from steps import ORIGIN, PERMISSION, RP, Typist, refused, set_pin, token_for

ERR = CtapError.ERR
USER = {"id": b"user", "name": "user"}
HASH = sha256(b"client data")
SALT, OTHER_SALT = bytes(range(32)), bytes(range(32, 64))
PROTOCOLS = [PinProtocolV1, PinProtocolV2]


class Site:
    """A relying party's server and its user's client, with some extensions."""

    def __init__(self, device, *extensions):
        self.server = Fido2Server(RP)
        self.client = Fido2Client(device, DefaultClientDataCollector(ORIGIN), Typist(), extensions=extensions)

    def register(self, inputs, uv="discouraged", rk="discouraged"):
        options, state = self.server.register_begin(USER, user_verification=uv, resident_key_requirement=rk)
        result = self.client.make_credential({**options["publicKey"], "extensions": inputs})
        return result, self.server.register_complete(state, result)

    def login(self, auth_data, inputs, uv="discouraged"):
        credentials = [auth_data.credential_data]
        options, state = self.server.authenticate_begin(credentials, user_verification=uv)
        result = self.client.get_assertion({**options["publicKey"], "extensions": inputs}).get_response(0)
        self.server.authenticate_complete(state, credentials, result)
        return result


def create(ctap, extensions, rk=False, user=b"user", token=None):
    return steps.create(ctap, rk, user, token=token, extensions=extensions)


def get(ctap, made, extensions, up=True, token=None):
    credentials = [made.auth_data.credential_data] if made else []
    return steps.get(ctap, *credentials, token=token, extensions=extensions, options=None if up else {"up": False})


def token_of(ctap, permissions, protocol=None):
    return token_for(ctap, permissions, RP["id"], protocol=protocol)


class Salts:
    """The platform's half of hmac-secret, from python-fido2's parts."""

    def __init__(self, ctap, protocol):
        self.protocol = protocol
        self.public, self.secret = ClientPin(ctap, protocol)._get_shared_secret()

    def input(self, *salts, auth=None):
        enc = self.protocol.encrypt(self.secret, b"".join(salts))
        return {1: self.public, 2: enc, 3: auth or self.protocol.authenticate(self.secret, enc), 4: self.protocol.VERSION}

    def open(self, response, name="hmac-secret"):
        return self.protocol.decrypt(self.secret, response.auth_data.extensions[name])


@pytest.fixture
def ctap(device):
    return Ctap2(device)


@pytest.fixture(params=PROTOCOLS, ids=["one", "two"])
def protocol(request, monkeypatch):
    monkeypatch.setattr(ClientPin, "PROTOCOLS", [request.param])  # which the clients take
    return request.param()


@pytest.fixture
def full(connect):
    """A CtapHidDevice on a key with every policy."""
    return connect("--profile", "full-policy")[1]


class TestHmacSecret:
    def test_both_protocols_tell_one_secret(self, ctap):
        made = create(ctap, {"hmac-secret": True})
        assert made.auth_data.extensions == {"hmac-secret": True}
        values = []
        for protocol in PROTOCOLS:
            salts = Salts(ctap, protocol())
            one = salts.open(get(ctap, made, {"hmac-secret": salts.input(SALT)}))
            two = salts.open(get(ctap, made, {"hmac-secret": salts.input(SALT, OTHER_SALT)}))
            assert len(one) == 32 and len(two) == 64 and two[:32] == one and two[32:] != one
            values.append(two)
        assert values[0] == values[1]

    @pytest.mark.parametrize("rk", [False, True])
    def test_verification_has_another_secret(self, ctap, protocol, rk):
        salts = Salts(ctap, protocol)
        inputs = {"hmac-secret": True, "hmac-secret-mc": salts.input(SALT, OTHER_SALT)}
        made = create(ctap, inputs, rk)
        plain = salts.open(made, "hmac-secret-mc")
        assert salts.open(get(ctap, made, {"hmac-secret": salts.input(SALT, OTHER_SALT)})) == plain
        set_pin(ctap)
        salts = Salts(ctap, protocol)
        token = token_of(ctap, PERMISSION.GET_ASSERTION, protocol)
        verified = salts.open(get(ctap, made, {"hmac-secret": salts.input(SALT, OTHER_SALT)}, token=token))
        assert verified[:32] != plain[:32] and verified[32:] != plain[32:]
        token = token_of(ctap, PERMISSION.MAKE_CREDENTIAL, protocol)
        made = create(ctap, {"hmac-secret": True, "hmac-secret-mc": salts.input(SALT)}, rk, token=token)
        token = token_of(ctap, PERMISSION.GET_ASSERTION, protocol)
        again = salts.open(get(ctap, made, {"hmac-secret": salts.input(SALT)}, token=token))
        assert again == salts.open(made, "hmac-secret-mc")

    def test_prf_is_hmac_secret_of_a_hashed_salt(self, device, ctap, protocol):
        site = Site(device, HmacSecretExtension())
        result, auth_data = site.register({"prf": {"eval": {"first": websafe_encode(SALT)}}})
        first = site.login(auth_data, {"prf": {"eval": {"first": websafe_encode(SALT)}}})
        value = first.client_extension_results.prf.results.first
        assert value == result.client_extension_results.prf.results.first
        salts = Salts(ctap, protocol)
        hashed = sha256(b"WebAuthn PRF\0" + SALT)
        allow = [{"type": "public-key", "id": auth_data.credential_data.credential_id}]
        raw = ctap.get_assertion(RP["id"], HASH, allow, {"hmac-secret": salts.input(hashed)})
        assert salts.open(raw) == value

    def test_next_assertion_has_its_own(self, ctap, protocol):
        one = create(ctap, {"hmac-secret": True}, True, b"1")
        two = create(ctap, {"hmac-secret": True}, True, b"2")
        salts = Salts(ctap, protocol)
        first = get(ctap, None, {"hmac-secret": salts.input(SALT)})
        second = ctap.get_next_assertion()
        assert salts.open(first) == salts.open(get(ctap, two, {"hmac-secret": salts.input(SALT)}))
        assert salts.open(second) == salts.open(get(ctap, one, {"hmac-secret": salts.input(SALT)}))

    @pytest.mark.parametrize(
        "salts, auth, code",
        [
            ((SALT[:16],), None, ERR.INVALID_PARAMETER),
            ((SALT, SALT[:16]), None, ERR.INVALID_PARAMETER),
            ((SALT,), bytes(16), ERR.PIN_AUTH_INVALID),
        ],
        ids=["short", "second short", "forged"],
    )
    def test_refusals(self, ctap, protocol, salts, auth, code):
        made, platform = create(ctap, {}), Salts(ctap, protocol)
        with refused(code):
            get(ctap, made, {"hmac-secret": platform.input(*salts, auth=auth)})
        with refused(code):
            create(ctap, {"hmac-secret": True, "hmac-secret-mc": platform.input(*salts, auth=auth)})

    def test_silent_refusal(self, ctap, protocol):
        made = create(ctap, {})
        with refused(ERR.UNSUPPORTED_OPTION):
            get(ctap, made, {"hmac-secret": Salts(ctap, protocol).input(SALT)}, up=False)


@pytest.mark.parametrize("policy", CredProtectExtension.POLICY)
def test_cred_protect(device, ctap, policy):
    level = CredProtectExtension.POLICY.str2int(policy)
    set_pin(ctap)
    site = Site(device, CredProtectExtension())
    inputs = {"credentialProtectionPolicy": policy.value, "enforceCredentialProtectionPolicy": True}
    _, auth_data = site.register(inputs, uv="required", rk="required")
    assert auth_data.extensions == {"credProtect": level}
    assert not site.login(auth_data, {}, uv="required").response.authenticator_data.extensions
    allow = [{"type": "public-key", "id": auth_data.credential_data.credential_id}]
    for allow_list, limit in (allow, 2), (None, 1):
        if level <= limit:
            ctap.get_assertion(RP["id"], HASH, allow_list, options={"up": False})
            continue
        with refused(ERR.NO_CREDENTIALS):
            ctap.get_assertion(RP["id"], HASH, allow_list, options={"up": False})
    credman = CredentialManagement(ctap, *token_for(ctap, PERMISSION.CREDENTIAL_MGMT))
    (found,) = credman.enumerate_creds(sha256(RP["id"].encode()))
    assert found[CredentialManagement.RESULT.CRED_PROTECT] == level


@pytest.mark.parametrize("blob", [b"x", bytes(32)])
def test_cred_blob(device, ctap, blob):
    site = Site(device, CredBlobExtension())
    _, auth_data = site.register({"credBlob": blob}, rk="required")
    assert auth_data.extensions == {"credBlob": True}
    assert site.login(auth_data, {"getCredBlob": True}).response.authenticator_data.extensions == {"credBlob": blob}
    made = create(ctap, {"credBlob": bytes(ctap.info.max_cred_blob_length + 1)}, True)
    assert made.auth_data.extensions == {"credBlob": False}
    assert get(ctap, made, {"credBlob": True}).auth_data.extensions == {"credBlob": b""}


def test_large_blob_key(device, ctap):
    set_pin(ctap)
    site = Site(device, LargeBlobExtension())
    result, auth_data = site.register({"largeBlob": {"support": "required"}}, uv="required", rk="required")
    assert result.client_extension_results.large_blob.supported is True
    written = site.login(auth_data, {"largeBlob": {"write": websafe_encode(b"a blob")}}, uv="required")
    assert written.client_extension_results.large_blob.written is True
    read = site.login(auth_data, {"largeBlob": {"read": True}}, uv="required")
    assert websafe_decode(read.client_extension_results["largeBlob"]["blob"]) == b"a blob"


def use_large_blob(ctap, made, inputs):
    """Returns the signed and the unsigned outputs, the latter of which python-fido2 does not know in assertions."""
    allow = [{"type": "public-key", "id": made.auth_data.credential_data.credential_id}]
    response = ctap.send_cbor(Ctap2.CMD.GET_ASSERTION, args(RP["id"], HASH, allow, {"largeBlob": inputs}))
    return AuthenticatorData(response[2]).extensions, response.get(8, {}).get("largeBlob")


def test_large_blob(connect):
    ctap = Ctap2(connect("--profile", "large-blob-extension")[1])
    assert "largeBlob" in ctap.info.extensions and "largeBlobKey" not in ctap.info.extensions
    made = create(ctap, {"largeBlob": {"support": "required"}}, True)
    assert made.unsigned_extension_outputs == {"largeBlob": {"supported": True}}
    assert use_large_blob(ctap, made, {"read": True}) == (None, None)
    blob = b"a blob, again and again" * 99
    compressor = zlib.compressobj(wbits=-15)
    deflated = compressor.compress(blob) + compressor.flush()
    written = use_large_blob(ctap, made, {"write": deflated, "originalSize": len(blob)})
    assert written == (None, {"written": True})
    _, read = use_large_blob(ctap, made, {"read": True})
    assert zlib.decompress(read["blob"], wbits=-15) == blob and read["originalSize"] == len(blob)
    for malformed in {"read": 1}, {"write": deflated}, {"read": True, "write": b"", "originalSize": 0}:
        with refused(ERR.INVALID_CBOR):
            use_large_blob(ctap, made, malformed)


def test_pin_policies(full):
    ctap = Ctap2(full)
    set_pin(ctap)
    site = Site(full, MinPinLengthExtension(), PinComplexityPolicyExtension())
    inputs = {"minPinLength": True, "pinComplexityPolicy": True}
    assert not site.register(inputs)[1].extensions
    token = token_for(ctap, PERMISSION.AUTHENTICATOR_CFG)
    Config(ctap, *token).set_min_pin_length(min_pin_length=6, rp_ids=[RP["id"]])
    assert site.register(inputs)[1].extensions == {"minPinLength": 6, "pinComplexityPolicy": False}


def test_uvm(full):
    ctap = Ctap2(full)
    made = create(ctap, {"uvm": True})
    assert made.auth_data.extensions == {"uvm": [[1, 1, 1]]}
    set_pin(ctap)
    token = token_of(ctap, PERMISSION.GET_ASSERTION)
    assert get(ctap, made, {"uvm": True}, token=token).auth_data.extensions == {"uvm": [[0x800, 1, 1]]}
    assert get(ctap, made, {"uvm": True}, up=False).auth_data.extensions == {"uvm": [[0x200, 1, 1]]}
