"""Algorithms: a credential of each that py_webauthn knows is attested, and signs in.

It does not know ES384, ES256K, Ed448 and the identifiers of RFC 9864, which python-fido2 verifies.
"""

import pytest
from page import miscounted
from server import register, sign_in
from webauthn.helpers import decode_credential_public_key
from webauthn.helpers.cose import COSEAlgorithmIdentifier as Algorithm
from webauthn.helpers.exceptions import InvalidAuthenticationResponse

ALGORITHMS = [
    Algorithm.ECDSA_SHA_256,
    Algorithm.EDDSA,
    Algorithm.ECDSA_SHA_512,
    Algorithm.RSASSA_PSS_SHA_256,
    Algorithm.RSASSA_PKCS1_v1_5_SHA_256,
    Algorithm.ML_DSA_44,
    Algorithm.ML_DSA_65,
    Algorithm.ML_DSA_87,
]

each_algorithm = pytest.mark.parametrize("alg", ALGORITHMS, ids=lambda alg: alg.name)


@each_algorithm
def test_algorithm(page, alg):
    registration = register(page, [page.export("pem")], alg=alg)
    assert decode_credential_public_key(registration.credential_public_key).alg == alg
    first, _ = sign_in(page, registration)
    second, _ = sign_in(page, registration, first.new_sign_count)
    assert second.new_sign_count == first.new_sign_count + 1


@each_algorithm
def test_what_was_not_signed(page, alg):
    registration = register(page, alg=alg)
    with pytest.raises(InvalidAuthenticationResponse, match="Could not verify authentication signature"):
        sign_in(page, registration, change=miscounted)


def test_counter_that_does_not_rise(page):
    registration = register(page)
    first, _ = sign_in(page, registration)
    with pytest.raises(InvalidAuthenticationResponse, match="sign count of .* was not greater"):
        sign_in(page, registration, first.new_sign_count + 1)
