"""U2F: python-fido2 verifies what a key answered to a server's JSON."""

import hashlib

import pytest
from fido2.ctap1 import RegistrationData, SignatureData
from fido2.utils import websafe_decode, websafe_encode
from softkey_testing import SoftkeyError

APP_ID = "https://example.com"
APPLICATION = hashlib.sha256(APP_ID.encode()).digest()
REQUEST = {"version": "U2F_V2", "challenge": "Y2hhbGxlbmdl", "appId": APP_ID}

pytestmark = pytest.mark.softkey(origin=APP_ID)


def client_hash(response):
    return hashlib.sha256(websafe_decode(response["clientData"])).digest()


def enrol(key):
    response = key.register(REQUEST)
    data = RegistrationData(websafe_decode(response["registrationData"]))
    data.verify(APPLICATION, client_hash(response))
    return data


def test_register_and_authenticate(softkey):
    data = enrol(softkey)
    response = softkey.authenticate({**REQUEST, "keyHandle": websafe_encode(data.key_handle)})
    signature = SignatureData(websafe_decode(response["signatureData"]))
    signature.verify(APPLICATION, client_hash(response), data.public_key)
    assert (signature.counter, signature.user_presence) == (1, 1)


def test_registered_already(softkey):
    handle = websafe_encode(enrol(softkey).key_handle)
    with pytest.raises(SoftkeyError) as e:
        softkey.register({"appId": APP_ID, "registerRequests": [REQUEST], "registeredKeys": [{"keyHandle": handle}]})
    assert (e.value.error_code, e.value.exit_code) == (4, 3)


def test_anothers_key_handle(softkey, start_softkey):
    handle = websafe_encode(enrol(softkey).key_handle)
    with pytest.raises(SoftkeyError) as e:
        start_softkey().authenticate({**REQUEST, "keyHandle": handle}, origin=APP_ID)
    assert e.value.error_code == 4


def test_no_origin(start_softkey):
    with pytest.raises(SoftkeyError, match="whose page is it"):
        start_softkey().register(REQUEST)


@pytest.mark.softkey(presence="control")
def test_touch(softkey):
    with softkey.touched():
        enrol(softkey)
