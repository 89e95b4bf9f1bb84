"""The longest answers that a key gives: answers.py NODE."""

import os
import sys

from checks import check, equal, run
from fido2.attestation import PackedAttestation
from fido2.ctap2 import Ctap2
from fido2.hid import open_device

RP, USER, ML_DSA_87 = {"id": "example.com", "name": "Example"}, {"id": b"ada", "name": "ada"}, -50


def made(ctap):
    """Makes a credential whose public key has 2,592 bytes, and checks its attestation."""
    hash = os.urandom(32)
    answer = ctap.make_credential(hash, RP, USER, [{"type": "public-key", "alg": ML_DSA_87}])
    PackedAttestation().verify(answer.att_stmt, answer.auth_data, hash)
    equal(len(answer.auth_data.credential_data.public_key[-1]), 2592)
    return answer.auth_data.credential_data.credential_id


@check("20 credentials of ML-DSA-87, their attestation verified")
def credentials(device):
    for _ in range(20):
        made(Ctap2(device))


@check("20 signatures of ML-DSA-87, of 4,627 bytes")
def signatures(device):
    ctap = Ctap2(device)
    credential = made(ctap)
    for _ in range(20):
        answer = ctap.get_assertion(RP["id"], os.urandom(32), [{"type": "public-key", "id": credential}])
        equal(len(answer.signature), 4627)


@check("the same while a second program has the node open and reads nothing")
def beside(device):
    idle = os.open(device.descriptor.path, os.O_RDWR)
    signatures(device)
    os.close(idle)


if __name__ == "__main__":
    run(open_device(sys.argv[1]))
