"""Writes vectors/*.txt: keys and signatures by implementations that are not ours.

    pip install cryptography==50.0.2 dilithium-py==1.5.1 ecdsa==0.19.2
    python vectors.py

The keys and messages are those of public test vectors where there are any, and
the published values are asserted here. ECDSA, EdDSA and RSA are signed by
OpenSSL 4.0.3 (through cryptography), ML-DSA by dilithium-py and verified by
OpenSSL. All are repeatable but PS256, whose salt is random. The RSA key is read
back from vectors/RS256.txt, where it was made once.
"""

from hashlib import sha256
from pathlib import Path

import ecdsa
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from dilithium_py.ml_dsa import ML_DSA_44, ML_DSA_65, ML_DSA_87

VECTORS = Path(__file__).parent / "vectors"


def head(major, n):
    if n < 24:
        return bytes([major << 5 | n])
    size = 1 if n < 1 << 8 else 2 if n < 1 << 16 else 4
    return bytes([major << 5 | {1: 24, 2: 25, 4: 26}[size]]) + n.to_bytes(size, "big")


def cbor(v):
    if isinstance(v, int):
        return head(0, v) if v >= 0 else head(1, -1 - v)
    if isinstance(v, bytes):
        return head(2, len(v)) + v
    return head(5, len(v)) + b"".join(cbor(k) + cbor(v[k]) for k in v)


def write(name, comment, key, message, signature, expect="equal", **more):
    fields = {"expect": expect, "comment": comment, "algorithm": key[3]}
    fields |= {k: v.hex() for k, v in more.items()}
    fields |= {"cose key": cbor(key).hex(), "message": message.hex(), "signature": signature.hex()}
    text = "".join(f"{k}: {v}\n" for k, v in fields.items())
    (VECTORS / f"{name}.txt").write_text(text)


def check(got, want):
    assert got == bytes.fromhex(want), got.hex()


def ec2(alg, crv, private):
    n = private.public_key().public_numbers()
    size = (private.curve.key_size + 7) // 8
    return {1: 2, 3: alg, -1: crv, -2: n.x.to_bytes(size, "big"), -3: n.y.to_bytes(size, "big")}


def nist(names, curve, crv, hash, scalar, comment, x, r, s):
    """Signs "sample", as RFC 6979 does; x, r and s are its values."""
    size = (curve.key_size + 7) // 8
    seed = bytes.fromhex(scalar)
    private = ec.derive_private_key(int(scalar, 16), curve)
    signature = private.sign(b"sample", ec.ECDSA(hash, deterministic_signing=True))
    check(ec2(0, crv, private)[-2], x)
    assert decode_dss_signature(signature) == (int(r, 16), int(s, 16))
    for name, alg in names.items():
        key = ec2(alg, crv, private)
        more = {"seed": seed}
        if size == 32:
            more["material"] = seed + key[-2] + key[-3]
        write(name, comment, key, b"sample", signature, **more)


nist(
    {"ES256": -7, "ESP256": -9}, ec.SECP256R1(), 1, hashes.SHA256(),
    "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721",
    "RFC 6979, appendix A.2.5, P-256 with SHA-256",
    "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6",
    "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716",
    "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
)
nist(
    {"ES384": -35, "ESP384": -51}, ec.SECP384R1(), 2, hashes.SHA384(),
    "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D8"
    "96D5724E4C70A825F872C9EA60D2EDF5",
    "RFC 6979, appendix A.2.6, P-384 with SHA-384",
    "EC3A4E415B4E19A4568618029F427FA5DA9A8BC4AE92E02E06AAE5286B300C64"
    "DEF8F0EA9055866064A254515480BC13",
    "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C"
    "81A648152E44ACF96E36DD1E80FABE46",
    "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94F"
    "A329C145786E679E7B82C71A38628AC8",
)
nist(
    {"ES512": -36, "ESP512": -52}, ec.SECP521R1(), 3, hashes.SHA512(),
    "00FAD06DAA62BA3B25D2FB40133DA757205DE67F5BB0018FEE8C86E1B68C7E75"
    "CAA896EB32F1F47C70855836A6D16FCC1466F6D8FBEC67DB89EC0C08B0E996B8"
    "3538",
    "RFC 6979, appendix A.2.7, P-521 with SHA-512",
    "01894550D0785932E00EAA23B694F213F8C3121F86DC97A04E5A7167DB4E5BCD"
    "371123D46E45DB6B5D5370A7F20FB633155D38FFA16D2BD761DCAC474B9A2F50"
    "23A4",
    "00C328FAFCBD79DD77850370C46325D987CB525569FB63C5D3BC53950E6D4C5F"
    "174E25A1EE9017B5D450606ADD152B534931D7D4E8455CC91F9B15BF05EC36E3"
    "77FA",
    "00617CCE7CF5064806C467F678D3B4080D6F1CC50AF26CA209417308281B68AF"
    "282623EAA63E5B5C0723D8B8C37FF0777B1A20F8CCB1DCCC43997F1EE0E44DA4"
    "A67A",
)


def secp256k1():
    """RFC 6979 has no vectors for the curve: OpenSSL and python-ecdsa must agree."""
    order = ecdsa.SECP256k1.order
    seed = sha256(b"softkey ES256K").digest()
    private = ec.derive_private_key(int.from_bytes(seed, "big"), ec.SECP256K1())
    theirs = ecdsa.SigningKey.from_string(seed, ecdsa.SECP256k1)
    written = set()
    for i in range(64):
        message = b"sample %d" % i
        signature = private.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        r, s = decode_dss_signature(signature)
        assert theirs.sign_deterministic(message, sha256, sigencode=lambda r, s, _: (r, s)) == (r, s)
        name, expect = ("ES256K", "equal") if s <= order // 2 else ("ES256K-high-s", "verifies")
        if name in written:
            continue
        written.add(name)
        comment = "OpenSSL and python-ecdsa, RFC 6979; s is " + ("below" if expect == "equal" else "above")
        write(name, comment + " half the order", ec2(-47, 8, private), message, signature, expect, seed=seed)
        if expect == "verifies":
            low = encode_dss_signature(r, order - s)
            write("ES256K-negated", "the same message, with s subtracted from the order as BIP 62 has it",
                  ec2(-47, 8, private), message, low, seed=seed)
    assert len(written) == 2


secp256k1()


def edwards(names, crv, private, comment, seed, public, message, signature):
    seed, message = bytes.fromhex(seed), bytes.fromhex(message)
    key = private.from_private_bytes(seed)
    x = key.public_key().public_bytes_raw()
    check(x, public)
    check(key.sign(message), signature)
    for name, alg in names.items():
        write(name, comment, {1: 1, 3: alg, -1: crv, -2: x}, message, key.sign(message), seed=seed)


edwards(
    {"EdDSA": -8, "Ed25519": -19}, 6, ed25519.Ed25519PrivateKey,
    "RFC 8032, section 7.1, test 2",
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
)
edwards(
    {"Ed448": -53}, 7, ed448.Ed448PrivateKey,
    "RFC 8032, section 7.4, 1 octet",
    "c4eab05d357007c632f3dbb48489924d552b08fe0c353a0d4a1f00acda2c463a"
    "fbea67c5e8d2877c5e3bc397a659949ef8021e954e0a12274e",
    "43ba28f430cdff456ae531545f7ecd0ac834a55d9358c0372bfa0c6c6798c086"
    "6aea01eb00742802b8438ea4cb82169c235160627b4c3a9480",
    "03",
    "26b8f91727bd62897af15e41eb43c377efb9c610d48f2335cb0bd0087810f435"
    "2541b143c4b981b7e18f62de8ccdf633fc1bf037ab7cd779805e0dbcc0aae1cb"
    "cee1afb2e027df36bc04dcecbf154336c19f0af7e0a6472905e799f1953d2a0f"
    "f3348ab21aa4adafd1d234441cf807c03a00",
)


def rsa_key():
    old = VECTORS / "RS256.txt"
    if not old.exists():
        return rsa.generate_private_key(65537, 2048)
    fields = dict(line.split(": ", 1) for line in old.read_text().splitlines())
    return serialization.load_der_private_key(bytes.fromhex(fields["material"]), None)


def rsassa(name, alg, private, pad, expect):
    n = private.public_key().public_numbers()
    key = {1: 3, 3: alg, -1: n.n.to_bytes(256, "big"), -2: n.e.to_bytes(3, "big")}
    material = private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    write(name, "OpenSSL, a key made for this test", key, b"sample",
          private.sign(b"sample", pad, hashes.SHA256()), expect, material=material)


private = rsa_key()
rsassa("RS256", -257, private, padding.PKCS1v15(), "equal")
rsassa("PS256", -37, private, padding.PSS(padding.MGF1(hashes.SHA256()), 32), "verifies")


def lattice(name, alg, scheme, openssl, published):
    """The seed and message of Wycheproof's mldsa_*_sign_seed_test.json, test 1."""
    seed, message = bytes([0x2A]) * 32, b"Hello world"
    public, private = scheme.key_derive(seed)
    signature = scheme.sign(private, message, deterministic=True)
    openssl.from_public_bytes(public).verify(signature, message)
    assert signature.hex().startswith(published), signature[:32].hex()
    write(name, f"dilithium-py, verified by OpenSSL; begins as in Wycheproof, {name}, sign_seed test 1",
          {1: 7, 3: alg, -1: public}, message, signature, seed=seed)


lattice("ML-DSA-44", -48, ML_DSA_44, mldsa.MLDSA44PublicKey,
        "1aa69cb5ed35204534f25f40a17eb0d767f8981f5e7cec46d3bf3252bfc78e09")
lattice("ML-DSA-65", -49, ML_DSA_65, mldsa.MLDSA65PublicKey,
        "69da5aec6d5f58fbf29439c520bd68b966e3dd2ca633b68351c2862344713a1e")
lattice("ML-DSA-87", -50, ML_DSA_87, mldsa.MLDSA87PublicKey,
        "ba4275ff54c22d2d09ea1937a0667362acd44925c6d6965fad350b111d1cbcce")
