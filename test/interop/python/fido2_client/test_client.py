"""WebAuthn: python-fido2's Fido2Client asks the key, its Fido2Server judges the answers."""

import datetime
from threading import Event

import pytest
from authority import impostor
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from fido2.attestation import AttestationVerifier, UntrustedAttestation
from fido2.client import ClientError, DefaultClientDataCollector, Fido2Client
from fido2.ctap import CtapError
from fido2.server import Fido2Server
from softkey import run

ORIGIN = "https://example.com"
RP = {"id": "example.com", "name": "Example"}


class Trust(AttestationVerifier):
    """Trusts one root certificate."""

    def __init__(self, root):
        super().__init__()
        self.root = root

    def ca_lookup(self, result, auth_data):
        return self.root.public_bytes(Encoding.DER)


@pytest.fixture
def root(tmp_path, start):
    """The root certificate of the state directory that start uses."""
    start().stop()  # makes it
    return x509.load_pem_x509_certificate(run("attestation", "export", "--state", tmp_path / "state").encode())


@pytest.fixture
def foreign_root(root):
    """A root certificate that differs from ours in its key alone."""
    return impostor(root)


def client_of(device, origin=ORIGIN):
    return Fido2Client(device, DefaultClientDataCollector(origin))


def register_begin(server, user=b"user", credentials=None, user_verification="discouraged", **kwargs):
    """Begins a registration for which, on a key without a PIN, the client needs none."""
    return server.register_begin(
        {"id": user, "name": "someone"}, credentials, user_verification=user_verification, **kwargs
    )


def register(client, server, *args, **kwargs):
    """Registers and returns the AuthenticatorData that the server accepted."""
    options, state = register_begin(server, *args, **kwargs)
    return server.register_complete(state, client.make_credential(options.public_key))


def sign_in(client, server, registered, credentials=None):
    """Signs in and returns the response that the server accepted. credentials is the allow list."""
    options, state = server.authenticate_begin(credentials, "discouraged")
    response = client.get_assertion(options.public_key).get_response(0)
    server.authenticate_complete(state, registered, response)
    return response


@pytest.mark.parametrize("rk", ["discouraged", "required"])
def test_register_and_sign_in(root, device, rk):
    client, server = client_of(device), Fido2Server(RP, "direct", verify_attestation=Trust(root))
    credential = register(client, server, resident_key_requirement=rk).credential_data
    for _ in range(2):
        sign_in(client, server, [credential], [credential])


def test_sign_in_without_a_name(root, device):
    client, server = client_of(device), Fido2Server(RP)
    users = {user: register(client, server, user, resident_key_requirement="required") for user in (b"anna", b"bert")}
    options, state = server.authenticate_begin(user_verification="discouraged")
    selection = client.get_assertion(options.public_key)
    assert [a.user["id"] for a in selection.get_assertions()] == [b"bert", b"anna"]
    for i in range(2):
        response = selection.get_response(i)
        credential = users[response.response.user_handle].credential_data
        assert server.authenticate_complete(state, [credential], response) == credential


def test_already_registered(device):
    client, server = client_of(device), Fido2Server(RP)
    credential = register(client, server).credential_data
    with pytest.raises(ClientError) as e:
        register(client, server, credentials=[credential])
    assert e.value.code == ClientError.ERR.DEVICE_INELIGIBLE
    assert e.value.cause.code == CtapError.ERR.CREDENTIAL_EXCLUDED


def test_unknown_credential(device):
    client, server = client_of(device), Fido2Server(RP)
    credential = register(client, server).credential_data
    options, _ = Fido2Server({"id": "example.org", "name": "Other"}).authenticate_begin([credential], "discouraged")
    with pytest.raises(ClientError) as e:
        client_of(device, "https://example.org").get_assertion(options.public_key)
    assert e.value.code == ClientError.ERR.DEVICE_INELIGIBLE


def test_long_lists(device):
    """The client finds the one credential among fifty that the key knows."""
    client, server = client_of(device), Fido2Server(RP)
    credential = register(client, server).credential_data
    others = [{"type": "public-key", "id": bytes([n]) * 128} for n in range(50)]
    sign_in(client, server, [credential], [*others, credential])


@pytest.mark.parametrize("profile, format", [("fido2.3", "packed"), ("fido2.0", "packed"), ("u2f", "fido-u2f")])
def test_attestation(root, foreign_root, connect, profile, format):
    _, device = connect("--profile", profile)
    client = client_of(device)
    options, state = register_begin(Fido2Server(RP, "direct"))
    response = client.make_credential(options.public_key)
    assert response.response.attestation_object.fmt == format
    Fido2Server(RP, "direct", verify_attestation=Trust(root)).register_complete(state, response)
    with pytest.raises(UntrustedAttestation):
        Fido2Server(RP, "direct", verify_attestation=Trust(foreign_root)).register_complete(state, response)


def test_attestation_certificate(root, device):
    server = Fido2Server(RP, "direct", verify_attestation=Trust(root))
    options, state = register_begin(server)
    response = client_of(device).make_credential(options.public_key)
    server.register_complete(state, response)
    leaf = x509.load_der_x509_certificate(response.response.attestation_object.att_stmt["x5c"][0])
    leaf.verify_directly_issued_by(root)
    now = datetime.datetime.now(datetime.timezone.utc)
    assert leaf.not_valid_before_utc < now < leaf.not_valid_after_utc
    assert leaf != root
    assert leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert root.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_u2f_fallback(root, connect):
    """A key that only speaks U2F signs in at a WebAuthn server."""
    _, device = connect("--profile", "u2f")
    client, server = client_of(device), Fido2Server(RP, "direct", verify_attestation=Trust(root))
    auth_data = register(client, server)
    assert auth_data.credential_data.aaguid == bytes(16)
    sign_in(client, server, [auth_data.credential_data], [auth_data.credential_data])
    with pytest.raises(ClientError) as e:
        register(client, server, credentials=[auth_data.credential_data])
    assert e.value.code == ClientError.ERR.DEVICE_INELIGIBLE


@pytest.mark.parametrize("origin, rp", [("https://evil.example", "example.com"), ("https://example.com", "evil.example")])
def test_wrong_origin(device, origin, rp):
    options, _ = register_begin(Fido2Server({"id": rp, "name": "x"}))
    with pytest.raises(ClientError) as e:
        client_of(device, origin).make_credential(options.public_key)
    assert e.value.code == ClientError.ERR.BAD_REQUEST


def test_wrong_challenge(device):
    client, server = client_of(device), Fido2Server(RP)
    credential = register(client, server).credential_data
    options, _ = server.authenticate_begin([credential], "discouraged")
    _, other = server.authenticate_begin([credential], "discouraged")
    response = client.get_assertion(options.public_key).get_response(0)
    with pytest.raises(ValueError, match="Wrong challenge"):
        server.authenticate_complete(other, [credential], response)


def test_uv_required(device):
    """The key has no PIN yet, and says so rather than pretend."""
    client, server = client_of(device), Fido2Server(RP)
    with pytest.raises(ClientError) as e:
        register(client, server, user_verification="required")
    assert e.value.code == ClientError.ERR.CONFIGURATION_UNSUPPORTED


@pytest.mark.parametrize("profile", ["fido2.3", "fido2.0", "u2f"])
def test_timeout(connect, profile):
    client, server = client_of(connect("--profile", profile, presence="ignore")[1]), Fido2Server(RP)
    server.timeout = 700
    with pytest.raises(ClientError) as e:
        register(client, server)
    assert e.value.code == ClientError.ERR.TIMEOUT


def test_selection(device):
    client_of(device).selection(Event())
