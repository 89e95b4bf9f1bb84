"""Certificates that do not come from softkey: a CA of the user's, and roots that look like another."""

from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


class Authority:
    """A root on P-384 and the CA on P-256 below it that issues, in the files that softkey reads."""

    def __init__(self, folder):
        root_key, key = ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP256R1())
        name = named("Root of the user's")
        self.root = certificate(name, root_key.public_key(), name, root_key)
        self.issuing = certificate(named("CA of the user's"), key.public_key(), name, root_key)
        chain, private = folder / "ca.pem", folder / "ca-key.pem"
        chain.write_bytes(pem(self.issuing) + pem(self.root))
        private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        self.flags = ["--attestation-ca", chain, "--attestation-ca-key", private]


def impostor(root):
    """Returns a root certificate with the same name as another, and another key."""
    key = ec.generate_private_key(ec.SECP256R1())
    return certificate(root.subject, key.public_key(), root.subject, key)


def named(name):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def certificate(subject, public_key, issuer, issuer_key):
    """Returns a CA's certificate, which is good today."""
    now = datetime.now(timezone.utc)
    builder = x509.CertificateBuilder(issuer, subject, public_key, x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return builder.sign(issuer_key, hashes.SHA256())


def pem(certificate):
    return certificate.public_bytes(Encoding.PEM)
