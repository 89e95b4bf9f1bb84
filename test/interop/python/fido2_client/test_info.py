"""authenticatorGetInfo: each member that is there is right, and what it promises holds."""

import os

import pytest
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.ctap import CtapError
from fido2.ctap2 import Ctap2
from fido2.hid import CTAPHID
from steps import create, get, refused

AAGUID = bytes.fromhex("ee7512f640f95a33bba63067c2c954f9")

# What profiles say: these members, in these bytes, and no other. Of None just
# the size is known: 16 bytes of a random IV and 16 that are encrypted.
INFO = {
    "fido2.0": {
        0x01: ["U2F_V2", "FIDO_2_0"],
        0x02: ["hmac-secret"],
        0x03: bytes.fromhex("7357ef0d58065ebca51f4119e7d97116"),
        0x04: {"rk": True, "up": True, "plat": False, "clientPin": False},
        0x05: 7609,
        0x06: [1],
    },
    "fido2.3": {
        0x01: ["U2F_V2", "FIDO_2_0", "FIDO_2_1", "FIDO_2_3"],
        0x02: [
            "credBlob",
            "credProtect",
            "hmac-secret",
            "largeBlobKey",
            "minPinLength",
            "hmac-secret-mc",
            "thirdPartyPayment",
        ],
        0x03: AAGUID,
        0x04: {
            "rk": True,
            "up": True,
            "plat": False,
            "alwaysUv": False,
            "credMgmt": True,
            "authnrCfg": True,
            "clientPin": False,
            "largeBlobs": True,
            "perCredMgmtRO": True,
            "pinUvAuthToken": True,
            "setMinPINLength": True,
            "makeCredUvNotRqd": True,
        },
        0x05: 7609,
        0x06: [2, 1],
        0x07: 20,
        0x08: 128,
        0x09: ["usb"],
        0x0A: [{"alg": -7, "type": "public-key"}, {"alg": -8, "type": "public-key"}],
        0x0B: 4096,
        0x0C: False,
        0x0D: 4,
        0x0E: 100,
        0x0F: 32,
        0x10: 8,
        0x14: 10_000,
        0x16: ["packed"],
        0x19: None,
        0x1A: ["usb"],
        0x1D: 63,
        0x1E: None,
        0x1F: [2, 3],
    },
}


@pytest.mark.parametrize("flags, profile", [((), "fido2.3"), (("--profile", "fido2.0"), "fido2.0")], ids=["default", "fido2.0"])
def test_members(connect, flags, profile):
    _, device = connect(*flags)
    answer = device.call(CTAPHID.CBOR, bytes([Ctap2.CMD.GET_INFO]))
    assert answer[0] == 0
    members = cbor.decode(answer[1:])
    assert answer[1:] == cbor.encode(members), "not canonical"
    for member, value in INFO[profile].items():
        if value is None:
            assert len(members[member]) == 32
            members[member] = None
    assert members == INFO[profile]


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


# python-fido2 knows more algorithms than it asks for by default.
ALGORITHMS = sorted({*CoseKey.supported_algorithms(), -9, -19, -51, -52, -53})


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("rk", [False, True])
def test_algorithm(connect, algorithm, rk):
    """A key of the profile full-policy has them all."""
    ctap = Ctap2(connect("--profile", "full-policy")[1])
    credential = create(ctap, rk, alg=algorithm).auth_data.credential_data
    assert credential.public_key.ALGORITHM == algorithm
    get(ctap, credential)


@pytest.mark.parametrize("algorithm", sorted({*ALGORITHMS} - {-7, -8}))
def test_algorithm_that_is_not_advertised(device, algorithm):
    with refused(CtapError.ERR.UNSUPPORTED_ALGORITHM):
        create(Ctap2(device), alg=algorithm)


@pytest.mark.parametrize(
    "profile, commands",
    [
        ("fido2.0", [0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x40, 0x41, 0x50]),
        ("fido2.1-pre", [0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x50]),
        ("fido2.3", [0x09, 0x40, 0x50]),  # 0x41 is the number that credMgmt had before
        ("large-blob-extension", [0x0C]),
    ],
)
def test_commands_that_are_not_advertised(connect, profile, commands):
    _, device = connect("--profile", profile)
    for command in commands:
        answer = device.call(CTAPHID.CBOR, bytes([command]) + cbor.encode({1: 1}))
        assert answer == bytes([CtapError.ERR.INVALID_COMMAND]), f"command {command:#x}"
