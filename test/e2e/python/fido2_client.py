"""python-fido2 at a hidraw node: fido2_client.py NODE. The key has no PIN yet."""

import os
import sys

from checks import check, equal, run
from fido2.client import DefaultClientDataCollector, Fido2Client, UserInteraction
from fido2.ctap1 import Ctap1
from fido2.ctap2 import Ctap2, ClientPin, CredentialManagement
from fido2.hid import list_descriptors, open_device
from fido2.server import Fido2Server
from fido2.webauthn import PublicKeyCredentialUserEntity

ORIGIN, PIN = "https://example.com", "1357bdf"
SERVER = Fido2Server({"id": "example.com", "name": "Example"}, attestation="direct")
USER = PublicKeyCredentialUserEntity(id=b"ada", name="ada")


class Person(UserInteraction):
    def request_pin(self, permissions, rp_id):
        return PIN


def client(device):
    return Fido2Client(device, client_data_collector=DefaultClientDataCollector(ORIGIN), user_interaction=Person())


def ceremonies(device, **options):
    """Registers and signs in; the server verifies both."""
    request, state = SERVER.register_begin(USER, authenticator_attachment="cross-platform", **options)
    data = SERVER.register_complete(state, client(device).make_credential(request.public_key))
    credential = data.credential_data
    request, state = SERVER.authenticate_begin([credential], user_verification=options.get("user_verification"))
    answer = client(device).get_assertion(request.public_key).get_response(0)
    SERVER.authenticate_complete(state, [credential], answer)


@check("lists the key by its node")
def lists(device):
    equal(device.descriptor.path in [d.path for d in list_descriptors()], True)


@check("PING, of 1 to 1,800 bytes")
def ping(device):
    for size in (1, 57, 58, 1024, 1800):
        data = os.urandom(size)
        equal(device.ping(data), data)


@check("WINK")
def wink(device):
    device.wink()


@check("U2F: registers and signs in")
def u2f(device):
    key, app, challenge = Ctap1(device), os.urandom(32), os.urandom(32)
    registration = key.register(challenge, app)
    registration.verify(app, challenge)
    key.authenticate(challenge, app, registration.key_handle).verify(app, challenge, registration.public_key)


@check("CTAP2: Fido2Client registers and signs in at Fido2Server")
def ctap2(device):
    ceremonies(device, user_verification="discouraged")


@check("sets a PIN")
def pin(device):
    ClientPin(Ctap2(device)).set_pin(PIN)


@check("a passkey, with the PIN")
def passkey(device):
    ceremonies(device, resident_key_requirement="required", user_verification="required")


@check("the passkey is counted")
def counted(device):
    ctap = Ctap2(device)
    pin = ClientPin(ctap)
    token = pin.get_pin_token(PIN, ClientPin.PERMISSION.CREDENTIAL_MGMT)
    metadata = CredentialManagement(ctap, pin.protocol, token).get_metadata()
    equal(metadata[CredentialManagement.RESULT.EXISTING_CRED_COUNT], 1)


if __name__ == "__main__":
    run(open_device(sys.argv[1]))
