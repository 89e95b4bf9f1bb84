"""Ceremonies: each algorithm and extension is attested and signs in, before python-fido2's verifier and server."""

import pytest
from extensions import each_extension
from fido2.cose import CoseKey
from fido2.mds3 import MdsAttestationVerifier
from fido2.utils import websafe_decode
from fido2.webauthn import AuthenticatorData
from page import Page, miscounted
from server import exported, register, sign_in

# python-fido2 knows more algorithms than it asks for by default.
ALGORITHMS = sorted({*CoseKey.supported_algorithms(), -9, -19, -51, -52, -53})

each_algorithm = pytest.mark.parametrize("alg", ALGORITHMS)


@pytest.fixture(scope="module")
def metadata(page):
    return MdsAttestationVerifier(exported(page))


@each_algorithm
def test_algorithm(page, metadata, alg):
    credential = register(page, metadata, alg=alg).credential_data
    assert credential.public_key.ALGORITHM == alg
    sign_in(page, credential)


@each_algorithm
def test_what_was_not_signed(page, alg):
    credential = register(page, alg=alg).credential_data
    with pytest.raises(ValueError, match="Invalid signature"):
        sign_in(page, credential, change=miscounted)


@pytest.fixture(scope="module")
def verified(tmp_path_factory):
    """A key whose user types a PIN, and what is known of it."""
    page = Page(tmp_path_factory.mktemp("key"), pin="2468ace")
    return page, MdsAttestationVerifier(exported(page))


def outputs(data):
    return sorted(data.extensions or {})


@each_extension
def test_extension(verified, extension):
    page, metadata = verified
    selection = {"residentKey": "required", "userVerification": "required"}
    made = register(page, metadata, extensions=extension["create"], authenticatorSelection=selection)
    assert made.is_user_verified() and outputs(made) == extension["created"]
    response = sign_in(page, made.credential_data, extensions=extension["get"], userVerification="required")
    signed = AuthenticatorData(websafe_decode(response["response"]["authenticatorData"]))
    assert signed.is_user_verified() and outputs(signed) == extension["got"]
