"""authenticatorBioEnrollment, and what a finger is good for: a key with a sensor, whose user it knows or not."""

import pytest
from fido2.client import ClientError, DefaultClientDataCollector, Fido2Client, UserInteraction
from fido2.ctap import CtapError
from fido2.ctap2 import Ctap2
from fido2.ctap2.bio import BioEnrollment, FPBioEnrollment
from fido2.ctap2.pin import ClientPin
from fido2.server import Fido2Server
from fido2.webauthn import AuthenticatorData
from steps import ORIGIN, PERMISSION, RP, create, get, refused, set_pin, token_for

ERR = CtapError.ERR
FLAG = AuthenticatorData.FLAG
USER = {"id": b"user", "name": "someone"}


@pytest.fixture
def biometric(connect):
    """Plugs in a key with a sensor and a PIN: biometric(verification) returns its device and Ctap2."""

    def plug(verification="approve"):
        device = connect("--profile", "biometric", "--verification", verification)[1]
        ctap = Ctap2(device)
        if not ctap.info.options["clientPin"]:
            set_pin(ctap)
        return device, ctap

    return plug


def enrolments(ctap):
    return FPBioEnrollment(ctap, *token_for(ctap, PERMISSION.BIO_ENROLL))


def enrol(ctap):
    """Enrols a finger and returns the ID of its template."""
    context = enrolments(ctap).enroll()
    while (template := context.capture()) is None:
        assert context.remaining > 0
    return template


def test_sensor(biometric):
    _, ctap = biometric()
    assert ctap.info.options["bioEnroll"] is False and ctap.info.options["uv"] is False
    info = FPBioEnrollment(ctap, None, None).get_fingerprint_sensor_info()
    assert info[BioEnrollment.RESULT.FINGERPRINT_KIND] in (1, 2)
    assert info[BioEnrollment.RESULT.MAX_SAMPLES_REQUIRED] > 0


def test_enrolment(biometric):
    _, ctap = biometric()
    assert enrolments(ctap).enumerate_enrollments() == {}
    one, two = enrol(ctap), enrol(ctap)
    assert ctap.get_info().options["bioEnroll"] is True
    fingers = enrolments(ctap)
    fingers.set_name(one, "Zeigefinger")
    assert fingers.enumerate_enrollments()[one] == "Zeigefinger"
    assert set(fingers.enumerate_enrollments()) == {one, two}
    for finger in one, two:
        fingers.remove_enrollment(finger)
    assert enrolments(ctap).enumerate_enrollments() == {}
    assert ctap.get_info().options["bioEnroll"] is False


def test_cancel(biometric):
    _, ctap = biometric()
    context = enrolments(ctap).enroll()
    context.capture()
    context.cancel()
    assert enrolments(ctap).enumerate_enrollments() == {}


def test_needs_permission(biometric):
    _, ctap = biometric()
    with refused(ERR.PIN_AUTH_INVALID):
        FPBioEnrollment(ctap, *token_for(ctap, PERMISSION.CREDENTIAL_MGMT)).enumerate_enrollments()


def test_verification(biometric):
    """A finger gives tokens like the PIN, and answers the option uv."""
    _, ctap = biometric()
    enrol(ctap)
    client_pin = ClientPin(ctap)
    token = client_pin.protocol, client_pin.get_uv_token(PERMISSION.MAKE_CREDENTIAL, RP["id"])
    made = create(ctap, token=token)
    assert made.auth_data.flags & FLAG.UV
    signed = get(ctap, made.auth_data.credential_data, options={"uv": True})
    assert signed.auth_data.flags == FLAG.UP | FLAG.UV


def test_unknown_finger(biometric):
    """Five unknown fingers block the sensor, of which one command may try several, and the PIN unblocks it."""
    _, ctap = biometric("deny")
    enrol(ctap)
    client_pin = ClientPin(ctap)
    code, left = ERR.UV_INVALID, 5
    while code == ERR.UV_INVALID:
        with pytest.raises(CtapError) as e:
            client_pin.get_uv_token(PERMISSION.GET_ASSERTION, RP["id"])
        code, before, left = e.value.code, left, client_pin.get_uv_retries()
        assert left < before
    assert (code, left) == (ERR.UV_BLOCKED, 0)
    token_for(ctap, PERMISSION.GET_ASSERTION, RP["id"])
    assert client_pin.get_uv_retries() == 5


class Finger(UserInteraction):
    """A user with a finger and no PIN."""

    def request_uv(self, permissions, rp_id):
        return True


@pytest.mark.parametrize("verification", ["approve", "deny"])
def test_client(biometric, verification):
    device, ctap = biometric(verification)
    enrol(ctap)
    client, server = Fido2Client(device, DefaultClientDataCollector(ORIGIN), Finger()), Fido2Server(RP)
    options, state = server.register_begin(USER, user_verification="required")
    if verification == "deny":
        with pytest.raises(ClientError):
            client.make_credential(options.public_key)
        return
    credential = server.register_complete(state, client.make_credential(options.public_key)).credential_data
    options, state = server.authenticate_begin([credential], "required")
    server.authenticate_complete(state, [credential], client.get_assertion(options.public_key).get_response(0))
