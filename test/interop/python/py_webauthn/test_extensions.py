"""Extensions: their outputs are among what py_webauthn parses and what it verifies the signature of."""

import pytest
from extensions import each_extension
from page import Page
from server import register, sign_in
from webauthn.helpers import base64url_to_bytes, parse_attestation_object, parse_authenticator_data, parse_cbor


@pytest.fixture(scope="module")
def verified(tmp_path_factory):
    """A key whose user types a PIN."""
    return Page(tmp_path_factory.mktemp("key"), pin="2468ace")


def names(data):
    return sorted(parse_cbor(data.extensions)) if data.flags.ed else []


@each_extension
def test_extension(verified, extension):
    selection = {"residentKey": "required", "userVerification": "required"}
    registration = register(
        verified, [verified.export("pem")], extensions=extension["create"], authenticatorSelection=selection
    )
    assert registration.user_verified
    assert names(parse_attestation_object(registration.attestation_object).auth_data) == extension["created"]
    authentication, response = sign_in(
        verified, registration, extensions=extension["get"], userVerification="required"
    )
    assert authentication.user_verified
    data = parse_authenticator_data(base64url_to_bytes(response["response"]["authenticatorData"]))
    assert names(data) == extension["got"]
