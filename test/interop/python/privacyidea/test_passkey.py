"""The token type passkey: nobody says who signs in, until the key does.

privacyIDEA's page takes the characters of a challenge for its bytes: softkey's --challenge-encoding text.
"""

import pytest
from identity import ORIGIN, PIN, rejects
from softkey import Refused

pytestmark = pytest.mark.acceptance("S002-3")
EVIL = "https://evil.example"


def begin(server, user):
    """Begins an enrolment and returns its details."""
    return server.enroll("passkey", user=user, pin=PIN)


def finish(server, began, response, origin=ORIGIN):
    """Ends an enrolment that began so, with the response of a key."""
    inner = response["response"]
    return server.enroll(
        "passkey", origin, serial=began["serial"], transaction_id=began["transaction_id"],
        attestationObject=inner["attestationObject"], clientDataJSON=inner["clientDataJSON"],
        credential_id=response["id"], rawId=response["rawId"],
        authenticatorAttachment=response["authenticatorAttachment"],
    )  # fmt: skip


@pytest.fixture
def enrolled(server, user, key):
    """The serial number of the user's passkey."""
    began = begin(server, user)
    finish(server, began, create(key, began))
    return began["serial"]


def create(key, began):
    return key.webauthn("create", began["passkey_registration"], encoding="text")


def challenge(server):
    return server.ask("/validate/initialize", type="passkey")["detail"]["passkey"]


def get(key, challenge, origin=ORIGIN, encoding="text"):
    options = {"challenge": challenge["challenge"], "rpId": challenge["rpId"]}
    return key.webauthn("get", options, origin, encoding)


def answer(challenge, response):
    """Returns what /validate/check is asked with a response to a challenge."""
    return {
        "transaction_id": challenge["transaction_id"], "credential_id": response["id"],
        **{name: response["response"][name] for name in ("authenticatorData", "clientDataJSON", "signature", "userHandle")},
    }  # fmt: skip


def signed(server, key):
    """Returns the answer of a key to a new challenge."""
    asked = challenge(server)
    return answer(asked, get(key, asked))


def test_sign_in(server, user, key, enrolled):
    for _ in range(3):
        verdict = server.ask("/validate/check", **signed(server, key))
        assert verdict["result"]["authentication"] == "ACCEPT"
        assert verdict["detail"]["username"] == user
        assert verdict["detail"]["serial"] == enrolled


def test_bytes_of_a_challenge(server, key, enrolled):
    """A challenge that is taken as browsers' own JSON has it is not what privacyIDEA looks for."""
    asked = challenge(server)
    with server.says("Client data challenge was not expected challenge"):
        assert server.check(**answer(asked, get(key, asked, encoding="base64url"))) == "REJECT"
    assert server.check(**answer(asked, get(key, asked))) == "ACCEPT"


def test_replay(server, key, enrolled):
    response = signed(server, key)
    assert server.check(**response) == "ACCEPT"
    with rejects(f"Challenge with transaction_id {response['transaction_id']} not found."):
        server.check(**response)


def test_response_to_another_challenge(server, key, enrolled):
    old = signed(server, key)
    with server.says("Client data challenge was not expected challenge"):
        assert server.check(**{**old, "transaction_id": challenge(server)["transaction_id"]}) == "REJECT"
    assert server.check(**old) == "ACCEPT"  # nothing but the challenge was against it


def test_lower_counter(server, key, enrolled):
    """A clone of the key is noticed when it signs after the key."""
    clone = key.clone()
    assert server.check(**signed(server, key)) == "ACCEPT"
    with server.says("sign count of 1 was not greater than current count of 1"):
        assert server.check(**signed(server, clone)) == "REJECT"


def test_wrong_origin(server, key, enrolled):
    """The key does not sign for a page of another site, and privacyIDEA does not take what comes from one."""
    with pytest.raises(Refused) as refused:
        get(key, challenge(server), origin=EVIL)
    assert refused.value.name == "SecurityError"
    with server.says("Unexpected client data origin"):
        assert server.check(origin=EVIL, **signed(server, key)) == "REJECT"


def test_enrolment_at_wrong_origin(server, user, key):
    began = begin(server, user)
    with rejects("ERR404: Invalid registration response: Unexpected client data origin"):
        finish(server, began, create(key, began), origin=EVIL)


def test_second_registration(server, user, key, enrolled):
    began = begin(server, user)
    with pytest.raises(Refused) as refused:
        create(key, began)
    assert refused.value.name == "InvalidStateError"


def test_foreign_key(server, enrolled, foreign_key):
    with pytest.raises(Refused) as refused:
        signed(server, foreign_key)
    assert refused.value.name == "NotAllowedError"
