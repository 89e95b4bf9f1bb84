"""The token type webauthn."""

import base64

import pytest
from authority import impostor, pem
from cryptography.x509 import load_pem_x509_certificate
from identity import ORIGIN, PIN, rejects
from softkey import Refused

pytestmark = pytest.mark.acceptance("S002-2")
EVIL = "https://evil.example"
# What the log of 3.13 tells, and that of 3.14.
CHALLENGE = "Unable to verify challenge.", "Client data challenge was not expected challenge"
FROM_ELSEWHERE = "Unable to verify origin.", "Unexpected client data origin"
COUNTER = "Duplicate authentication detected.", "sign count of 1 was not greater than current count of 1"
SIGNATURE = "Invalid signature received.", "Could not verify authentication signature"
ROOT = "Untrusted attestation certificate.", "could not be validated"
NOT_ENROLLED = "ERR404: Could not enroll webauthn token!"


def creation_options(request):
    """Returns what privacyIDEA's page makes of its request, for navigator.credentials.create."""
    return {
        "challenge": request["nonce"],
        "rp": request["relyingParty"],
        "user": {
            "id": base64.urlsafe_b64encode(request["serialNumber"].encode()).decode().rstrip("="),
            "name": request["name"],
            "displayName": request["displayName"],
        },
        "pubKeyCredParams": request["pubKeyCredAlgorithms"],
        **{name: request[name] for name in ("authenticatorSelection", "attestation", "excludeCredentials") if name in request},
    }


def request_options(request):
    return {name: request[name] for name in ("challenge", "rpId", "allowCredentials", "userVerification")}


def begin(server, user):
    """Begins an enrolment and returns its details."""
    return server.enroll("webauthn", user=user, pin=PIN)


def finish(server, began, response, origin=ORIGIN):
    """Ends an enrolment that began so, with the response of a key."""
    inner = response["response"]
    return server.enroll(
        "webauthn", origin, serial=began["serial"], transaction_id=began["transaction_id"],
        clientdata=inner["clientDataJSON"], regdata=inner["attestationObject"],
    )["webAuthnRegisterResponse"]  # fmt: skip


def enroll(server, user, key):
    """Enrols a token and returns what the administrator sees of it."""
    began = begin(server, user)
    finish(server, began, key.webauthn("create", creation_options(began["webAuthnRegisterRequest"])))
    return server.token(began["serial"])


@pytest.fixture
def enrolled(server, user, key):
    return enroll(server, user, key)


def signed(server, user, key):
    """Returns the answer of a key to a new challenge."""
    challenge = server.challenge(user)
    response = key.webauthn("get", request_options(challenge["attributes"]["webAuthnSignRequest"]))
    return {"user": user, **answer(challenge, response)}


def answer(challenge, response):
    """Returns what /validate/check is asked with a response to a challenge."""
    inner = response["response"]
    return {
        "transaction_id": challenge["transaction_id"], "pass": "", "credentialid": response["id"],
        "clientdata": inner["clientDataJSON"], "signaturedata": inner["signature"],
        "authenticatordata": inner["authenticatorData"], "userhandle": inner.get("userHandle") or "",
    }  # fmt: skip


def test_sign_in(server, user, key, enrolled):
    assert enrolled["description"] == "Soft Device"
    assert enrolled["info"]["attestation_level"] == "untrusted"  # as nobody asked whether it is
    for counter in 1, 2, 3:
        assert server.check(**signed(server, user, key)) == "ACCEPT"
        assert server.token(enrolled["serial"])["count"] == counter


def test_replay(server, user, key, enrolled):
    response = signed(server, user, key)
    assert server.check(**response) == "ACCEPT"
    with rejects(f"Challenge with transaction_id {response['transaction_id']} not found."):
        server.check(**response)


def test_response_to_another_challenge(server, user, key, enrolled):
    old = signed(server, user, key)
    with server.says(*CHALLENGE):
        assert server.check(**{**old, "transaction_id": server.challenge(user)["transaction_id"]}) == "REJECT"
    assert server.check(**old) == "ACCEPT"  # nothing but the challenge was against it


def test_lower_counter(server, user, key, enrolled):
    """A clone of the key is noticed when it signs after the key."""
    clone = key.clone()
    assert server.check(**signed(server, user, key)) == "ACCEPT"
    with server.says(*COUNTER):
        assert server.check(**signed(server, user, clone)) == "REJECT"


def test_altered_signature(server, user, key, enrolled):
    response, other = signed(server, user, key), signed(server, user, key)
    with server.says(*SIGNATURE):
        assert server.check(**{**response, "signaturedata": other["signaturedata"]}) == "REJECT"


def test_wrong_origin(server, user, key, enrolled):
    """The key does not sign for a page of another site, and privacyIDEA does not take what comes from one."""
    options = request_options(server.challenge(user)["attributes"]["webAuthnSignRequest"])
    with pytest.raises(Refused) as refused:
        key.webauthn("get", options, origin=EVIL)
    assert refused.value.name == "SecurityError"
    with server.says(*FROM_ELSEWHERE):
        assert server.check(origin=EVIL, **signed(server, user, key)) == "REJECT"


def test_enrolment_at_wrong_origin(server, user, key):
    began = begin(server, user)
    response = key.webauthn("create", creation_options(began["webAuthnRegisterRequest"]))
    with server.says(*FROM_ELSEWHERE), rejects(NOT_ENROLLED):
        finish(server, began, response, origin=EVIL)


def test_replayed_enrolment(server, user, key):
    """What one enrolment asked for is nothing to another."""
    began, other = begin(server, user), begin(server, user)
    response = key.webauthn("create", creation_options(began["webAuthnRegisterRequest"]))
    with server.says(*CHALLENGE), rejects(NOT_ENROLLED):
        finish(server, other, response)


def test_second_registration(server, user, key, enrolled):
    server.policy(user, "enrollment", user, webauthn_avoid_double_registration=True)
    began = begin(server, user)
    with pytest.raises(Refused) as refused:
        key.webauthn("create", creation_options(began["webAuthnRegisterRequest"]))
    assert refused.value.name == "InvalidStateError"


def test_foreign_key(server, user, enrolled, foreign_key):
    with pytest.raises(Refused) as refused:
        signed(server, user, foreign_key)
    assert refused.value.name == "NotAllowedError"


@pytest.fixture
def trust(server, user, tmp_path):
    """Has the user's keys attested by one of the roots in PEM that it is given: trust(*roots)."""
    server.policy(
        user, "enrollment", user,
        webauthn_authenticator_attestation_form="direct", webauthn_authenticator_attestation_level="trusted",
    )  # fmt: skip

    def truster(*roots):
        folder = tmp_path / "anchors"
        folder.mkdir()
        for n, root in enumerate(roots):
            (folder / f"{n}.pem").write_text(root)
        server.ask("/system/setConfig", **{"webauthn.trust_anchor_dir": str(folder)})

    return truster


def test_trusted_root(server, user, key, foreign_key, trust):
    trust(foreign_key.root(), key.root())
    assert enroll(server, user, key)["info"]["attestation_level"] == "trusted"
    assert server.check(**signed(server, user, key)) == "ACCEPT"


def test_foreign_root(server, user, key, foreign_key, trust):
    """A root of softkey's that is another key's."""
    trust(foreign_key.root())
    with server.says(*ROOT), rejects(NOT_ENROLLED):
        enroll(server, user, key)


def test_impostor(server, user, key, trust):
    """A root that has the right name, and another key."""
    trust(pem(impostor(load_pem_x509_certificate(key.root().encode()))).decode())
    with server.says(*ROOT), rejects(NOT_ENROLLED):
        enroll(server, user, key)
