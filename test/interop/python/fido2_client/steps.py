"""What the tests of CTAP2 share: a relying party, a user and the PIN's way to a token."""

import os
from contextlib import contextmanager

import pytest
from fido2.client import UserInteraction
from fido2.ctap import CtapError
from fido2.ctap2.pin import ClientPin

ORIGIN = "https://example.com"
RP = {"id": "example.com", "name": "Example"}
PIN, OTHER_PIN = "2468ace", "später!"
PERMISSION = ClientPin.PERMISSION


def challenge():
    return os.urandom(32)


def algorithms(*ids):
    return [{"type": "public-key", "alg": id} for id in ids]


def descriptor(credential):
    return {"type": "public-key", "id": credential.credential_id}


def create(ctap, rk=False, user=b"user", rp=RP, alg=-7, token=None, hash=None, **kwargs):
    """Makes a credential and returns the whole response."""
    hash = hash or challenge()
    user = {"id": user, "name": user.decode()}
    return ctap.make_credential(
        hash, rp, user, algorithms(alg), options={"rk": rk}, **authentication(token, hash), **kwargs
    )


def get(ctap, *credentials, rp_id=RP["id"], token=None, **kwargs):
    """Signs with one of the credentials, none: with a discoverable one, and checks the first's signature."""
    hash = challenge()
    allow = [descriptor(credential) for credential in credentials] or None
    response = ctap.get_assertion(rp_id, hash, allow, **authentication(token, hash), **kwargs)
    if credentials:
        response.verify(hash, credentials[0].public_key)
    return response


def authentication(token, message):
    """Returns the parameters that go with a message under a token, which is a protocol and a value."""
    if token is None:
        return {}
    protocol, value = token
    return {"pin_uv_param": protocol.authenticate(value, message), "pin_uv_protocol": protocol.VERSION}


def set_pin(ctap, pin=PIN):
    ClientPin(ctap).set_pin(pin)


def token_for(ctap, permissions, rp_id=None, pin=PIN, protocol=None):
    client_pin = ClientPin(ctap, protocol)
    return client_pin.protocol, client_pin.get_pin_token(pin, permissions, rp_id)


@contextmanager
def refused(code):
    """What is inside must be refused with the code."""
    with pytest.raises(CtapError) as e:
        yield
    assert e.value.code == code


class Typist(UserInteraction):
    """A user who types a PIN."""

    def __init__(self, pin=PIN):
        self.pin = pin

    def request_pin(self, permissions, rp_id):
        return self.pin
