"""The token type u2f, which privacyIDEA has until 3.13.

It judges the application, the challenge, the signature and the counter, not the origin: browsers and the list of
facets that it serves are there for that.
"""

import json

import pytest
from identity import ORIGIN, PIN, rejects
from softkey import Refused

pytestmark = pytest.mark.acceptance("S002-1")
EVIL = "https://evil.example"
RESTRICTED = "The U2F device is not allowed to be registered due to policy restriction"


@pytest.fixture(autouse=True, scope="module")
def application(server):
    server.ask("/system/setConfig", **{"u2f.appId": ORIGIN + "/"})  # which cuts the stroke off


def enroll(server, user, key):
    """Enrols a token in two steps and returns the details of each."""
    began = server.enroll("u2f", user=user, pin=PIN)
    response = key.u2f("register", began["u2fRegisterRequest"])
    data = {"regdata": response["registrationData"], "clientdata": response["clientData"]}
    return began, server.enroll("u2f", serial=began["serial"], **data)


@pytest.fixture
def enrolled(server, user, key):
    """The serial number of the user's token."""
    return enroll(server, user, key)[0]["serial"]


def answer(challenge, response):
    """Returns what /validate/check is asked with a response to a challenge."""
    data = {"signaturedata": response["signatureData"], "clientdata": response["clientData"]}
    return {"transaction_id": challenge["transaction_id"], "pass": "", **data}


def signed(server, user, key, origin=ORIGIN):
    """Returns the answer of a key to a new challenge."""
    challenge = server.challenge(user)
    return {"user": user, **answer(challenge, key.u2f("authenticate", challenge["attributes"]["u2fSignRequest"], origin))}


def test_enrolment(server, user, key):
    """The token is named after the attestation certificate."""
    began, done = enroll(server, user, key)
    assert began["u2fRegisterRequest"]["appId"] == ORIGIN
    assert done["u2fRegisterResponse"] == {"subject": "Soft Device"}
    info = server.token(began["serial"])["info"]
    assert "CN=Soft Device" in info["attestation_subject"]


def test_sign_in(server, user, key, enrolled):
    for counter in 1, 2, 3:
        assert server.check(**signed(server, user, key)) == "ACCEPT"
        assert server.token(enrolled)["count"] == counter


def test_replay(server, user, key, enrolled):
    response = signed(server, user, key)
    assert server.check(**response) == "ACCEPT"
    assert server.check(**response) == "REJECT"  # there is no such challenge any more


def test_response_to_another_challenge(server, user, key, enrolled):
    old = signed(server, user, key)
    assert server.check(**{**old, "transaction_id": server.challenge(user)["transaction_id"]}) == "REJECT"
    assert server.check(**old) == "ACCEPT"  # nothing but the challenge was against it


def test_lower_counter(server, user, key, enrolled):
    """A clone of the key is noticed when it signs after the key."""
    clone = key.clone()
    assert server.check(**signed(server, user, key)) == "ACCEPT"
    with server.says("was valid, but contained an old counter"):
        assert server.check(**signed(server, user, clone)) == "REJECT"


def test_altered_signature(server, user, key, enrolled):
    response = signed(server, user, key)
    other = signed(server, user, key)
    with server.says(f"Checking response for token {enrolled} failed."):
        assert server.check(**{**response, "signaturedata": other["signaturedata"]}) == "REJECT"


def test_other_application(server, user, key):
    """A page that has a key register for itself gets nothing that privacyIDEA takes."""
    began = server.enroll("u2f", user=user, pin=PIN)
    response = key.u2f("register", {**began["u2fRegisterRequest"], "appId": EVIL}, origin=EVIL)
    with server.says("Error checking the signature of the registration data."), rejects("500"):
        data = {"regdata": response["registrationData"], "clientdata": response["clientData"]}
        server.enroll("u2f", serial=began["serial"], **data)


def test_foreign_key(server, user, enrolled, foreign_key):
    with pytest.raises(Refused) as refused:
        signed(server, user, foreign_key)
    assert refused.value.error_code == 4


def test_second_registration(server, user, key, enrolled):
    """privacyIDEA does not tell which keys it knows: a key can be two tokens, and each of them signs in."""
    second = enroll(server, user, key)[0]["serial"]
    for serial in enrolled, second:
        tokens = {token["serial"]: token for token in server.challenge(user)["multi_challenge"]}
        assert tokens.keys() == {enrolled, second}
        response = key.u2f("authenticate", tokens[serial]["attributes"]["u2fSignRequest"])
        assert server.check(user=user, **answer(tokens[serial], response)) == "ACCEPT"


def test_origin_is_not_judged(server, user, key, enrolled):
    assert server.check(**signed(server, user, key, origin=EVIL)) == "ACCEPT"


def test_facets(server):
    """The list that clients with --check-facets read."""
    status, text = server.get("/ttype/u2f")
    assert status == 200
    assert json.loads(text)["trustedFacets"] == [{"version": {"major": 1, "minor": 0}, "ids": [ORIGIN]}]


def test_trusted_maker(server, user, key):
    server.policy("maker", "enrollment", user, u2f_req="issuer/.*softkey.*/")
    enroll(server, user, key)


def test_foreign_maker(server, user, key):
    server.policy("foreign", "enrollment", user, u2f_req="issuer/.*another.*/")
    with rejects(RESTRICTED):
        enroll(server, user, key)
