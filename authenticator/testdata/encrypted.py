"""Writes encrypted/*.txt: members encIdentifier and encCredStoreState of getInfo.

    pip install cryptography==50.0.2 fido2==2.2.1
    python encrypted.py

They are encrypted by OpenSSL (through cryptography) as CTAP 2.3 §6.4 says, and
each is decrypted again by python-fido2, which reads them from an Info.
"""

from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from fido2.ctap2 import Info

VECTORS = Path(__file__).parent / "encrypted"

READERS = {
    "encIdentifier": (0x19, Info.get_identifier),
    "encCredStoreState": (0x1E, Info.get_cred_store_state),
}


def encrypt(member, token, iv, plaintext):
    key = HKDF(hashes.SHA256(), 16, salt=bytes(32), info=member.encode()).derive(token)
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return iv + encryptor.update(plaintext) + encryptor.finalize()


def write(name, comment, member, token, iv, plaintext):
    value = encrypt(member, token, iv, plaintext)
    number, read = READERS[member]
    info = Info.from_dict({1: ["FIDO_2_3"], 3: bytes(16), number: value})
    assert read(info, token) == plaintext
    fields = {
        "comment": comment,
        "member": member,
        "token": token.hex(),
        "iv": iv.hex(),
        "plaintext": plaintext.hex(),
        "value": value.hex(),
    }
    text = "".join(f"{k}: {v}\n" for k, v in fields.items())
    (VECTORS / f"{name}.txt").write_text(text)


def main():
    VECTORS.mkdir(exist_ok=True)
    ramp = bytes(range(32))
    write("identifier", "numbers in a row", "encIdentifier", ramp, ramp[16:], ramp[:16])
    write("state", "the same, another name", "encCredStoreState", ramp, ramp[16:], ramp[:16])
    write("zeros", "nothing but zeros", "encIdentifier", bytes(32), bytes(16), bytes(16))
    write("ones", "nothing but ones", "encCredStoreState", b"\xff" * 32, b"\xff" * 16, b"\xff" * 16)


main()
