"""libfido2's command-line tools: fido2-token, fido2-cred and fido2-assert."""

import base64
import os
from collections import namedtuple

RP = "example.com"
OTHER_RP = "example.org"
PIN = "1357bdf"

Credential = namedtuple("Credential", "type rp id public large_blob_key")
Assertion = namedtuple("Assertion", "auth_data user_id hmac_secret large_blob_key")


def base64_of(data):
    return base64.b64encode(data).decode()


def request(*lines):
    """The input of the tools: the hash of some client data, and further lines."""
    return "".join(f"{line}\n" for line in (base64_of(os.urandom(32)), *lines))


def for_verifying(options):
    """Those of the options that the tools take for verifying, too; the digit is the value of -c."""
    return [option for option in options if option in ("-h", "-v", "-p", "-c") or option.isdigit()]


def create(host, node, *options, type="es256", rp=RP, user="ada", typing=(), status=0):
    """fido2-cred makes a credential and verifies it; returns a Credential, or what was said if the status is not 0."""
    (host.folder / "parameters").write_text(request(rp, user, base64_of(user.encode())))
    arguments = *options, "-i", "parameters", "-o", "made", node, type
    said = host.run("fido2-cred", "-M", *arguments, typing=typing, status=status)
    if status:
        return said
    host.run("fido2-cred", "-V", *for_verifying(options), "-i", "made", "-o", "public", type)
    made = (host.folder / "made").read_text().split("\n")
    id, _, public = (host.folder / "public").read_text().partition("\n")
    return Credential(type, rp, id, public, made[7] if "-b" in options else None)


def sign(host, node, credential, *options, salt=None, typing=(), status=0):
    """fido2-assert signs and verifies; returns an Assertion, or what was said if the status is not 0."""
    lines = [credential.rp] if "-r" in options else [credential.rp, credential.id]
    (host.folder / "parameters").write_text(request(*lines, *([base64_of(salt)] if salt else [])))
    arguments = *options, "-i", "parameters", "-o", "signed", node
    said = host.run("fido2-assert", "-G", *arguments, typing=typing, status=status)
    if status:
        return said
    verify(host, credential, *for_verifying(options))
    _, _, auth_data, _, *rest = (host.folder / "signed").read_text().splitlines()
    return Assertion(auth_data, *(rest.pop(0) if flag in options else None for flag in ("-r", "-h", "-b")))


def verify(host, credential, *options, status=0):
    """fido2-assert verifies what it signed last, by the public key of a credential."""
    (host.folder / "key.pem").write_text(credential.public)
    return host.run("fido2-assert", "-V", *options, "-i", "signed", "key.pem", credential.type, status=status)


def token(host, node, *arguments, typing=(), status=0):
    """Runs fido2-token and returns what it says after it asked for the PIN."""
    said = host.run("fido2-token", *arguments, node, typing=typing, status=status)
    return said.rpartition(f"Enter PIN for {node}: ")[2]


def set_pin(host, node, pin=PIN):
    token(host, node, "-S", typing=[pin, pin])


def info(host, node):
    """fido2-token -I as a dict of its lines."""
    return dict(line.split(": ", 1) for line in token(host, node, "-I").splitlines() if ": " in line)


def options_of(host, node):
    return info(host, node)["options"].split(", ")
