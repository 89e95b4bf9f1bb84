"""Writes prf/*.txt: the test vectors of WebAuthn Level 3 for the extension prf
over hmac-secret, from the derivations that the specification gives with them.

    pip install cryptography && python3 prf.py
"""

import hashlib
import hmac
import pathlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SEED = b"WebAuthn PRF test vectors"
FIRST, SECOND = SEED + b"\x02", SEED + b"\x03"


def derived(n):
    return hashlib.sha256(SEED + bytes([n])).digest()


def private(n):
    return ec.derive_private_key(int.from_bytes(derived(n), "big"), ec.SECP256R1())


PLATFORM, AUTHENTICATOR, CRED_RANDOM = private(4), private(5), derived(6)
Z = PLATFORM.exchange(ec.ECDH(), AUTHENTICATOR.public_key())


def hkdf(info):
    return HKDF(hashes.SHA256(), 32, bytes(32), info).derive(Z)


def cbc(key, iv, plaintext):
    e = Cipher(algorithms.AES256(key), modes.CBC(iv)).encryptor()
    return e.update(plaintext) + e.finalize()


def vector(name, protocol, evals, iv_salt, iv_output):
    if protocol == 1:
        secret = hashlib.sha256(Z).digest()
        encrypt = lambda iv, p: cbc(secret, bytes(16), p)
    else:
        secret = hkdf(b"CTAP2 HMAC key") + hkdf(b"CTAP2 AES key")
        encrypt = lambda iv, p: iv + cbc(secret[32:], iv, p)
    salts = [hashlib.sha256(b"WebAuthn PRF\x00" + e).digest() for e in evals]
    outputs = [hmac.digest(CRED_RANDOM, s, "sha256") for s in salts]
    public = AUTHENTICATOR.public_key().public_numbers()
    rows = {
        "comment": f"WebAuthn Level 3, test vectors of prf: {name}",
        "protocol": f"{protocol:02x}",
        "platform key": derived(4).hex(),
        "authenticator x": public.x.to_bytes(32, "big").hex(),
        "authenticator y": public.y.to_bytes(32, "big").hex(),
        "cred random": CRED_RANDOM.hex(),
        "iv": iv_salt.hex(),
        "first": evals[0].hex(),
        "second": evals[1].hex() if len(evals) > 1 else "",
        "salts": b"".join(salts).hex(),
        "salt enc": encrypt(iv_salt, b"".join(salts)).hex(),
        "output enc": encrypt(iv_output, b"".join(outputs)).hex(),
        "result 1": outputs[0].hex(),
        "result 2": outputs[1].hex() if len(outputs) > 1 else "",
    }
    folder = pathlib.Path(__file__).parent / "prf"
    folder.mkdir(exist_ok=True)
    text = "".join(f"{k}: {v}\n" for k, v in rows.items() if v)
    (folder / f"{name}.txt").write_text(text)


vector("one-input-protocol-2", 2, [FIRST], derived(7)[:16], derived(9)[:16])
vector("two-inputs-protocol-2", 2, [FIRST, SECOND], derived(8)[:16], derived(10)[:16])
vector("one-input-protocol-1", 1, [FIRST], b"", b"")
