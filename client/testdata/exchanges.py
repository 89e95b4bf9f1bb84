"""Writes exchanges/*.txt: what python-fido2 sends to a key, byte by byte.

    pip install fido2==2.2.1 && python3 exchanges.py

The key is the class Key below. It answers as CTAP 2.3 says; where randomness is
needed, both ends take it from constants, so that a run can be repeated:

    platform's key agreement key      32 x 11
    initialization vectors            16 x 22
    nonces of large blobs             12 x 33
    authenticator's key agreement key 32 x 44
    pinUvAuthToken                    32 x 55
    largeBlobKey                      32 x 66
"""

import os
import pathlib
from unittest import mock

from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.ctap import CtapDevice
from fido2.ctap2 import Ctap2
from fido2.ctap2.bio import FPBioEnrollment
from fido2.ctap2.blob import LargeBlobs
from fido2.ctap2.config import Config
from fido2.ctap2.credman import CredentialManagement
from fido2.ctap2.pin import ClientPin, PinProtocolV1, PinProtocolV2
from fido2.hid import CAPABILITY
from fido2.utils import sha256

P = ClientPin.PERMISSION
TOKEN = b"\x55" * 32
BLOB_KEY = b"\x66" * 32
PROTOCOLS = {1: PinProtocolV1, 2: PinProtocolV2}
real_generate = ec.generate_private_key


def private_key(byte):
    return ec.derive_private_key(int.from_bytes(bytes([byte]) * 32, "big"), ec.SECP256R1())


def urandom(n):
    return {16: b"\x22", 12: b"\x33"}[n] * n


class Key(CtapDevice):
    """Answers authenticatorGetInfo and the subcommands about secrets by itself,
    all else from a list, and keeps what was said."""

    capabilities = CAPABILITY.CBOR

    def __init__(self, info, answers=()):
        self.info, self.answers, self.log = info, list(answers), []

    @classmethod
    def list_devices(cls):
        return iter([])

    def call(self, cmd, data=b"", event=None, on_keepalive=None):
        answer = self.answer(data)
        self.log.append((data, answer))
        return answer

    def answer(self, data):
        if data == b"\x04":
            return b"\x00" + cbor.encode(self.info)
        if data[0] == 6:
            params = cbor.decode(data[1:])
            if params[2] == 2:
                return b"\x00" + cbor.encode({1: self.public_key()})
            if params[2] in (5, 6, 9) and not self.answers:
                return b"\x00" + cbor.encode({2: self.seal(params)})
        return self.answers.pop(0)

    def public_key(self):
        n = private_key(0x44).public_key().public_numbers()
        return {1: 2, 3: -25, -1: 1, -2: n.x.to_bytes(32, "big"), -3: n.y.to_bytes(32, "big")}

    def seal(self, params):
        theirs = CoseKey.parse(params[3])
        protocol = PROTOCOLS[params[1]]()
        point = ec.EllipticCurvePublicNumbers(
            int.from_bytes(theirs[-2], "big"), int.from_bytes(theirs[-3], "big"), ec.SECP256R1()
        ).public_key()
        secret = protocol.kdf(private_key(0x44).exchange(ec.ECDH(), point))
        return protocol.encrypt(secret, TOKEN)


def info(protocols, options, versions=("FIDO_2_1",), **more):
    i = {1: list(versions), 3: b"\xaa" * 16, 4: options, 6: protocols}
    i.update({int(k[1:]): v for k, v in more.items()})
    return i


def write(name, comment, key, first):
    lines = [f"comment: {comment}"]
    for request, answer in key.log[:1] + key.log[first:]:
        lines += [f"request: {request.hex()}", f"answer: {answer.hex()}"]
    folder = pathlib.Path(__file__).parent / "exchanges"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.txt").write_text("\n".join(lines) + "\n")


def record(name, comment, key, run):
    ctap = Ctap2(key)
    first = len(key.log)
    run(ctap)
    assert not key.answers, (name, key.answers)
    write(name, comment, key, first)


OK = b"\x00"
YES = {"clientPin": True, "pinUvAuthToken": True, "uv": True}


def ok(answer):
    return OK + cbor.encode(answer)


def pins():
    for n in (1, 2):
        def key(*answers, options=YES):
            return Key(info([n], options), answers)

        record(f"set-pin-{n}", "setPIN 1234", key(OK), lambda c: ClientPin(c).set_pin("1234"))
        record(f"change-pin-{n}", "changePIN 1234 to 14 letters", key(OK), lambda c: ClientPin(c).change_pin("1234", "correct horse ä"))
        record(f"wrong-pin-{n}", "changePIN, and what is left", key(b"\x31", ok({3: 5})), lambda c: wrong(c))
        record(f"retries-{n}", "getPINRetries, getUVRetries", key(ok({3: 3, 4: True}), ok({5: 2})),
               lambda c: (ClientPin(c).get_pin_retries(), ClientPin(c).get_uv_retries()))
        record(f"pin-token-{n}", "token with mc and ga for b.c", key(), lambda c: token(c, "1234", P.MAKE_CREDENTIAL | P.GET_ASSERTION, "b.c"))
        record(f"pin-token-config-{n}", "token with acfg", key(), lambda c: token(c, "1234", P.AUTHENTICATOR_CFG, None))
        record(f"pin-token-2.0-{n}", "getPinToken", key(options={"clientPin": True}), lambda c: token(c, "1234", P.MAKE_CREDENTIAL, "b.c"))
        record(f"uv-token-{n}", "token by built-in verification with cm", key(), lambda c: uv_token(c, P.CREDENTIAL_MGMT))


def wrong(c):
    try:
        ClientPin(c).change_pin("4321", "1234")
    except Exception:
        ClientPin(c).get_pin_retries()


def token(c, pin, permissions, rp_id):
    assert ClientPin(c).get_pin_token(pin, permissions, rp_id) == TOKEN


def uv_token(c, permissions):
    assert ClientPin(c).get_uv_token(permissions) == TOKEN


def management():
    rp = {"id": "b.c", "name": "B"}
    user = {"id": b"alice", "name": "al", "displayName": "Alice"}
    cred = {"id": b"\x01\x02", "type": "public-key"}
    cose = {1: 2, 3: -7, -1: 1, -2: b"\x01" * 32, -3: b"\x02" * 32}
    answers = [
        ok({1: 2, 2: 98}),
        ok({3: rp, 4: sha256(b"b.c"), 5: 2}),
        ok({3: {"id": "d.e"}, 4: sha256(b"d.e")}),
        ok({6: user, 7: cred, 8: cose, 9: 2, 10: 3, 11: BLOB_KEY, 12: True}),
        ok({6: {"id": b"bob"}, 7: {"id": b"\x03", "type": "public-key"}, 8: cose, 10: 1}),
        OK,
        OK,
        b"\x2e",
        b"\x2e",
    ]

    def run(c, p, update):
        m = CredentialManagement(c, PROTOCOLS[p](), TOKEN)
        m.get_metadata()
        m.enumerate_rps()
        m.enumerate_creds(sha256(b"b.c"))
        m.delete_cred(cred)
        if update:
            m.update_user_info(cred, {"id": b"alice", "name": "a", "displayName": "A"})
        m.enumerate_rps()
        m.enumerate_creds(sha256(b"b.c"))

    record("management-2", "credential management", Key(info([2, 1], YES | {"credMgmt": True}), answers), lambda c: run(c, 2, True))
    preview = info([1], {"clientPin": True, "credentialMgmtPreview": True}, versions=["FIDO_2_1_PRE"])
    del answers[6]
    record("management-preview-1", "credential management under its preview number", Key(preview, answers), lambda c: run(c, 1, False))


def config():
    def run(c, pin=None):
        cfg = Config(c, *([PROTOCOLS[2](), TOKEN] if pin else []))
        cfg.enable_enterprise_attestation()
        cfg.toggle_always_uv()
        cfg._call(4)  # enableLongTouchForReset, which has no method
        cfg._call(255, {1: 0x0123456789ABCDEF, 2: b"\x01"})

    i = info([2], YES | {"authnrCfg": True})
    record("config-2", "authenticatorConfig with a token", Key(i, [OK] * 4), lambda c: run(c, True))
    record("config-unprotected", "authenticatorConfig without a token", Key(i, [OK] * 4), run)
    record("config-min-pin-2", "setMinPINLength", Key(i, [OK]), lambda c: Config(c, PROTOCOLS[2](), TOKEN)._call(
        3, {1: 8, 2: ["b.c", "d.e"], 3: True, 4: True}))


def bio():
    good, poor = {5: 0}, {5: 7}
    answers = [
        ok({1: 1, 2: 1, 3: 3, 8: 64}),
        ok({4: b"\xab\xcd"} | good | {6: 2}),
        ok(poor | {6: 2}),
        ok(good | {6: 0}),
        ok({7: [{1: b"\xab\xcd", 2: "thumb"}, {1: b"\x01", 2: ""}]}),
        OK,
        OK,
        b"\x2c",
        OK,
    ]

    def run(c, p):
        f = FPBioEnrollment(c, PROTOCOLS[p](), TOKEN)
        f.get_fingerprint_sensor_info()
        template, _, _ = f.enroll_begin(5000)
        f.enroll_capture_next(template, 5000)
        f.enroll_capture_next(template, 5000)
        f.enumerate_enrollments()
        f.set_name(template, "index")
        f.remove_enrollment(template)
        f.enumerate_enrollments()
        f.enroll_cancel()

    for name, i, p in [
        ("bio-2", info([2], YES | {"bioEnroll": False}), 2),
        ("bio-preview-1", info([1], {"clientPin": True, "userVerificationMgmtPreview": True}, versions=["FIDO_2_1_PRE"]), 1),
    ]:
        record(name, "enrolment of a fingerprint", Key(i, [ok({1: 1})] + answers), lambda c: run(c, p))


def blobs():
    key = info([2], YES | {"largeBlobs": True}, _5=1088)
    other = {1: b"\x07" * 1500, 2: b"\x08" * 12, 3: 9, 4: "a member of the future"}

    def write_array(c):
        LargeBlobs(c, PROTOCOLS[2](), TOKEN).write_blob_array([other, {1: b"", 2: b"", 3: 0}])

    record("blobs-write-2", "a large-blob array in two fragments of at most 1024 bytes", Key(key, [OK, OK]), write_array)

    text = ("a blob that was compressed by zlib. " * 60).encode()
    writer = Key(info([2], YES | {"largeBlobs": True}, _5=7609), [ok({1: serialize([other])}), OK])
    LargeBlobs(Ctap2(writer), PROTOCOLS[2](), TOKEN).put_blob(BLOB_KEY, text)
    array = cbor.decode(writer.log[-1][0][1:])[2]

    def read(c):
        assert LargeBlobs(c).get_blob(BLOB_KEY) == text

    fragments = [array[i:i + 1024] for i in range(0, len(array), 1024)]
    record("blobs-read", "another credential's blob, and 60 times 'a blob that was compressed by zlib. '",
           Key(key, [ok({1: f}) for f in fragments]), read)


def serialize(array):
    data = cbor.encode(array)
    return data + sha256(data)[:16]


with mock.patch.object(ec, "generate_private_key", lambda curve, backend=None: private_key(0x11)), mock.patch.object(os, "urandom", urandom):
    pins()
    management()
    config()
    bio()
    blobs()
