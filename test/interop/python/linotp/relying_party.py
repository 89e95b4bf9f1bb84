"""A relying party with the rules of LinOTP 2 and 3, for the tokens of one user of the type u2f.

What LinOTP is particular about, beyond the signatures: the challenge is padded and compared as a string, as is the
key handle, which is not padded; the certificate is searched for by its first bytes; the origin must be the
application; and the counter must rise, or the token is deactivated for good.
"""

import base64
import json
from hashlib import sha256
from secrets import token_bytes

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_der_x509_certificate

POINT = 65  # bytes of a public key
SEQUENCE = b"\x30\x82"  # what the certificate begins with, and two bytes of its length after that


class Rejected(Exception):
    """A response that LinOTP does not take; the argument says why."""


class Token:
    """A token of the type u2f, of an application."""

    def __init__(self, app_id):
        self.app_id = app_id
        self.active = False
        self.key_handle = None
        self._counter = 0
        self._challenge = None

    def challenge(self, text=None):
        """Returns a request to register or, once that is done, to sign in; text is the challenge, if it is known."""
        self._challenge = text or base64.urlsafe_b64encode(token_bytes(32)).decode()
        request = {"challenge": self._challenge, "version": "U2F_V2", "appId": self.app_id}
        return {**request, "keyHandle": self.key_handle} if self.key_handle else request

    def register(self, response):
        """Takes the otpkey of phase registration2."""
        client_data = self._client_data(response, "navigator.id.finishEnrollment")
        data = decoded(response["registrationData"])
        point, handle, certificate, signature = split_registration(data)
        signed = b"\x00" + self._application() + client_data + handle + point
        verify(load_der_x509_certificate(certificate).public_key(), signature, signed)
        self._key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
        self.key_handle = base64.urlsafe_b64encode(handle).decode().rstrip("=")
        self.active = True

    def check(self, response):
        """Takes the pass of a sign-in, and returns the counter."""
        if not self.active:
            raise Rejected("inactive")
        if response["keyHandle"] != self.key_handle:
            raise Rejected("key handle")
        client_data = self._client_data(response, "navigator.id.getAssertion")
        data = decoded(response["signatureData"])
        if not data[0] & 1:
            raise Rejected("user presence")
        verify(self._key, data[5:], self._application() + data[:5] + client_data)
        counter = int.from_bytes(data[1:5], "big")
        if counter <= self._counter:
            self.active = False
            raise Rejected("counter")
        self._counter = counter
        return counter

    def _application(self):
        return sha256(self.app_id.encode()).digest()

    def _client_data(self, response, typ):
        """Returns the hash of the client data, which use the challenge up."""
        if "errorCode" in response:
            raise Rejected("client error")
        challenge, self._challenge = self._challenge, None
        data = decoded(response["clientData"])
        client_data = json.loads(data)
        wanted = {"typ": typ, "challenge": challenge, "origin": self.app_id}
        for member, value in wanted.items():
            if client_data.get(member) != value:
                raise Rejected(member)
        return sha256(data).digest()


def split_registration(data):
    """Returns the public key, the key handle, the certificate and the signature."""
    if data[0] != 5:
        raise Rejected("reserved byte")
    point, length, rest = data[1 : 1 + POINT], data[1 + POINT], data[2 + POINT :]
    handle, rest = rest[:length], rest[length:]
    if not rest.startswith(SEQUENCE):
        raise Rejected("certificate")
    end = 4 + int.from_bytes(rest[2:4], "big")
    return point, handle, rest[:end], rest[end:]


def verify(key, signature, data):
    try:
        key.verify(signature, data, ECDSA(SHA256()))
    except InvalidSignature as e:
        raise Rejected("signature") from e


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
