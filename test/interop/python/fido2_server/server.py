"""A site as python-fido2 makes one, and a metadata service that says of a key what softkey does not."""

import json

from authority import certificate, named
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate
from fido2.mds3 import parse_blob
from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import PublicKeyCredentialParameters
from page import RP_ID

RP = {"id": RP_ID, "name": "Example"}
USER = {"id": b"ada", "name": "ada", "displayName": "Ada"}


def register(page, verifier=None, format="packed", alg=-7, change=lambda response: response, **members):
    """Registers a credential and returns the AuthenticatorData that the site saw.

    verifier judges the attestation; without one nobody does. members are of the options, where python-fido2 does
    not make them; change returns what the site gets in place of the key's response.
    """
    server = Fido2Server(RP, attestation="direct", verify_attestation=verifier)
    server.allowed_algorithms = [PublicKeyCredentialParameters(type="public-key", alg=alg)]
    options, state = server.register_begin(USER)
    response = page.create({**options["publicKey"], "attestationFormats": [format], **members})
    return server.register_complete(state, change(response))


def sign_in(page, credential, change=lambda response: response, **members):
    """Signs in with an AttestedCredentialData and returns the response, which the site accepted."""
    server = Fido2Server(RP)
    options, state = server.authenticate_begin([credential])
    response = change(page.get({**options["publicKey"], **members}))
    server.authenticate_complete(state, [credential], response)
    return response


def exported(page):
    """Returns the metadata BLOB of a key, verified with the root that comes with it."""
    root = load_pem_x509_certificate(page.export("blob-root"))
    return parse_blob(page.export("blob"), root.public_bytes(Encoding.DER))


class Service:
    """A metadata service of the site's own."""

    def __init__(self):
        self.key = rsa.generate_private_key(65537, 2048)
        name = named("Metadata of the site's own")
        self.root = certificate(name, self.key.public_key(), name, self.key).public_bytes(Encoding.DER)

    def publish(self, page, change):
        """Returns the BLOB of a key, verified, in which change has changed each entry."""
        _, payload, _ = page.export("blob").split(b".")
        payload = json.loads(websafe_decode(payload))
        for entry in payload["entries"]:
            change(entry)
        message = f"{encode({'alg': 'RS256', 'typ': 'JWT'})}.{encode(payload)}".encode()
        signature = self.key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        return parse_blob(message + b"." + websafe_encode(signature).encode(), self.root)


def encode(value):
    return websafe_encode(json.dumps(value).encode())
