"""U2F: python-u2flib-server judges the JSON that `softkey u2f` made of its requests."""

import base64
import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from softkey import Key, Refused, ask, run, socket_in
from u2flib_server.u2f import begin_authentication, begin_registration, complete_authentication, complete_registration

APP_ID = "https://example.com"
OTHER = "https://evil.example"


@pytest.fixture(params=["loopback", "socket"])
def device(request, tmp_path):
    """The flags that lead `softkey u2f` to a key: one in its own process, or one that runs."""
    state = "--state", tmp_path / "state"
    if request.param == "loopback":
        yield ("--device", "loopback", *state)
        return
    with Key(socket_in(tmp_path), *state) as key:
        yield "--device", key.address


def register(device, request, origin=APP_ID):
    return ask("u2f", "register", "--origin", origin, *device, request=request.data_for_client)


def authenticate(device, request, origin=APP_ID):
    return ask("u2f", "authenticate", "--origin", origin, *device, request=request.data_for_client)


@pytest.fixture
def enrolled(device):
    """A DeviceRegistration that the server accepted."""
    request = begin_registration(APP_ID)
    registration, _ = complete_registration(request, register(device, request), [APP_ID])
    return registration


def test_enrol(device):
    request = begin_registration(APP_ID)
    registration, certificate = complete_registration(request.json, register(device, request), [APP_ID])
    assert registration["appId"] == APP_ID
    assert registration["transports"] == ["usb"], "the certificate says how the key is joined"
    assert x509.load_der_x509_certificate(certificate).subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)


def test_sign_in(device, enrolled):
    counters = []
    for _ in range(3):
        request = begin_authentication(APP_ID, [enrolled])
        used, counter, touch = complete_authentication(request.json, authenticate(device, request), [APP_ID])
        assert used["keyHandle"] == enrolled["keyHandle"]
        assert touch == 1
        counters.append(counter)
    assert counters == [1, 2, 3]


def test_key_among_several(device, enrolled, tmp_path):
    """Of the keys that the server knows, the one that is there signs."""
    request = begin_registration(APP_ID)
    other = register(("--device", "loopback", "--state", tmp_path / "other"), request)
    foreign, _ = complete_registration(request, other, [APP_ID])
    request = begin_authentication(APP_ID, [foreign, enrolled])
    used, _, _ = complete_authentication(request, authenticate(device, request), [APP_ID])
    assert used["keyHandle"] == enrolled["keyHandle"]


def test_enrol_twice(device, enrolled):
    request = begin_registration(APP_ID, [enrolled])
    with pytest.raises(Refused) as e:
        register(device, request)
    assert json.loads(e.value.stdout)["errorCode"] == 4


def test_sign_in_with_a_foreign_key(device, enrolled, tmp_path):
    request = begin_authentication(APP_ID, [enrolled])
    with pytest.raises(Refused):
        authenticate(("--device", "loopback", "--state", tmp_path / "other"), request)


def test_replay(device, enrolled):
    request = begin_authentication(APP_ID, [enrolled])
    response = authenticate(device, request)
    complete_authentication(request, response, [APP_ID])
    with pytest.raises(ValueError, match="Wrong challenge"):
        complete_authentication(begin_authentication(APP_ID, [enrolled]), response, [APP_ID])


def test_wrong_origin(device, enrolled):
    request = begin_registration(APP_ID)
    with pytest.raises(ValueError, match="Invalid facet"):
        complete_registration(request, register(device, request, OTHER), [APP_ID])
    request = begin_authentication(APP_ID, [enrolled])
    with pytest.raises(ValueError, match="Invalid facet"):
        complete_authentication(request, authenticate(device, request, OTHER), [APP_ID])


@pytest.mark.parametrize("field", ["registrationData", "clientData"])
def test_altered_registration(device, field):
    request = begin_registration(APP_ID)
    response = register(device, request)
    with pytest.raises(ValueError):
        complete_registration(request, {**response, field: altered(response[field])}, [APP_ID])


@pytest.mark.parametrize("field", ["signatureData", "clientData"])
def test_altered_assertion(device, enrolled, field):
    request = begin_authentication(APP_ID, [enrolled])
    response = authenticate(device, request)
    with pytest.raises(ValueError):
        complete_authentication(request, {**response, field: altered(response[field])}, [APP_ID])


def altered(text):
    """Changes the last bit of what base64url text encodes."""
    data = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    data[-1] ^= 1
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def test_attestation(tmp_path):
    """The certificate in the response is signed by the root that softkey exports."""
    state = "--state", tmp_path / "state"
    request = begin_registration(APP_ID)
    _, der = complete_registration(request, register(("--device", "loopback", *state), request), [APP_ID])
    leaf = x509.load_der_x509_certificate(der)
    root = x509.load_pem_x509_certificate(run("attestation", "export", *state).encode())
    assert leaf.issuer == root.subject
    root.public_key().verify(leaf.signature, leaf.tbs_certificate_bytes, ec.ECDSA(leaf.signature_hash_algorithm))


def test_counter_rises_across_restarts(tmp_path):
    """A process for each command, the same state directory: no counter value comes twice."""
    device = "--device", "loopback", "--state", tmp_path / "state"
    request = begin_registration(APP_ID)
    registration, _ = complete_registration(request, register(device, request), [APP_ID])
    last = 0
    for _ in range(5):
        request = begin_authentication(APP_ID, [registration])
        _, counter, _ = complete_authentication(request, authenticate(device, request), [APP_ID])
        assert counter == last + 1
        last = counter
