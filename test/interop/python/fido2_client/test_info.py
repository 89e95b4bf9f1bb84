"""authenticatorGetInfo: each member that is there is right, and what it promises holds."""

import os

import pytest
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.ctap import CtapError
from fido2.ctap2 import Ctap2
from fido2.hid import CTAPHID

AAGUID = bytes.fromhex("7357ef0d58065ebca51f4119e7d97116")

# What the profile fido2.0 says: these members, in these bytes, and no other.
INFO = {
    0x01: ["U2F_V2", "FIDO_2_0"],
    0x03: AAGUID,
    0x04: {"rk": True, "up": True, "plat": False},
    0x05: 7609,
}


def test_members(device):
    answer = device.call(CTAPHID.CBOR, bytes([Ctap2.CMD.GET_INFO]))
    assert answer[0] == 0
    assert cbor.decode(answer[1:]) == INFO
    assert answer[1:] == cbor.encode(INFO), "not canonical"


def test_model_of_a_seeded_key_differs(connect):
    _, device = connect("--seed", "00" * 32)
    assert Ctap2(device).info.aaguid not in (AAGUID, bytes(16))


def test_longest_message(device):
    ctap2 = Ctap2(device)
    assert len(filled(ctap2.info.max_msg_size)) == 7608
    answer = device.call(CTAPHID.CBOR, b"\x01" + filled(ctap2.info.max_msg_size))
    assert answer[0] == 0


def filled(size):
    """Returns parameters of makeCredential that make a message of size bytes, by an unknown extension."""
    request = {
        1: os.urandom(32),
        2: {"id": "example.com"},
        3: {"id": b"user"},
        4: [{"alg": -7, "type": "public-key"}],
        6: {"filler": b""},
    }
    missing = size - 1 - len(cbor.encode({**request, 6: {"filler": bytes(1000)}}))
    return cbor.encode({**request, 6: {"filler": bytes(1000 + missing)}})


@pytest.mark.parametrize("algorithm", CoseKey.supported_algorithms())
def test_algorithm(device, algorithm):
    """Of python-fido2's algorithms ES256 and EdDSA work, and the others are refused."""
    ctap2 = Ctap2(device)
    params = [{"type": "public-key", "alg": algorithm}]
    request = os.urandom(32), {"id": "example.com"}, {"id": b"user"}, params
    if algorithm not in (-7, -8):
        with pytest.raises(CtapError) as e:
            ctap2.make_credential(*request)
        assert e.value.code == CtapError.ERR.UNSUPPORTED_ALGORITHM
        return
    credential = ctap2.make_credential(*request).auth_data.credential_data
    assert credential.public_key.ALGORITHM == algorithm
    challenge = os.urandom(32)
    assertion = ctap2.get_assertion("example.com", challenge, [{"type": "public-key", "id": credential.credential_id}])
    assertion.verify(challenge, credential.public_key)


@pytest.mark.parametrize("command", [0x06, 0x09, 0x0A, 0x0C, 0x0D, 0x40, 0x41, 0x50])
def test_commands_that_are_not_advertised(device, command):
    answer = device.call(CTAPHID.CBOR, bytes([command]) + cbor.encode({1: 1}))
    assert answer == bytes([CtapError.ERR.INVALID_COMMAND])
