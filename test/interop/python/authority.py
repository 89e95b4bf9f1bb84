"""Certificates that do not come from softkey: a CA of the user's, and roots that look like another."""

from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


class Authority:
    """A root on P-384 and, if there is one, the CA on P-256 below it that issues, in the files that softkey reads.

    chain has the certificate that issues first and the root last.
    """

    def __init__(self, folder, intermediate=True):
        key, name = ec.generate_private_key(ec.SECP384R1()), named("Root of the user's")
        self.root = certificate(name, key.public_key(), name, key)
        self.chain = [self.root]
        if intermediate:
            root_key, key = key, ec.generate_private_key(ec.SECP256R1())
            self.chain.insert(0, certificate(named("CA of the user's"), key.public_key(), name, root_key))
        certificates, private = folder / "ca.pem", folder / "ca-key.pem"
        certificates.write_bytes(b"".join(map(pem, self.chain)))
        private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        self.flags = ["--attestation-ca", certificates, "--attestation-ca-key", private]


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
