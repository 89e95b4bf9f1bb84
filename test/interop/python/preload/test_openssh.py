"""ssh-keygen with its own copy of libfido2, in ssh-sk-helper."""

import pytest
from tools import PIN, set_pin

IDENTITY = "ada"


@pytest.fixture
def keygen(host):
    """Runs ssh-keygen, which has a PIN from a program that asks for it (SSH_ASKPASS)."""
    askpass = host.folder / "askpass"
    askpass.write_text(f"#!/bin/sh\necho {PIN}\n")
    askpass.chmod(0o700)

    def run(*arguments, **kwargs):
        return host.run("ssh-keygen", *arguments, SSH_ASKPASS=str(askpass), SSH_ASKPASS_REQUIRE="force", **kwargs)

    return run


def make(keygen, type, *options, file="id"):
    """Makes a key in a file."""
    arguments = [argument for option in options for argument in ("-O", option)]
    assert "SHA256:" in keygen("-t", type, *arguments, "-N", "", "-C", IDENTITY, "-f", file)


def sign(host, keygen, file="id", **kwargs):
    (host.folder / "message").write_text("a message\n")
    (host.folder / "message.sig").unlink(missing_ok=True)
    return keygen("-Y", "sign", "-f", file, "-n", "file", "message", **kwargs)


def verify(host, keygen, public="id.pub", message="a message", **kwargs):
    (host.folder / "allowed").write_text(f"{IDENTITY} {(host.folder / public).read_text()}")
    arguments = "-f", "allowed", "-I", IDENTITY, "-n", "file", "-s", "message.sig"
    return keygen("-Y", "verify", *arguments, typing=[message], **kwargs)


@pytest.mark.parametrize("type", ["ed25519-sk", "ecdsa-sk"])
def test_sign_and_verify(host, keygen, type):
    host.plug()
    make(keygen, type)
    make(keygen, type, file="other")
    sign(host, keygen)
    assert f'Good "file" signature for {IDENTITY}' in verify(host, keygen)
    assert "Signature verification failed" in verify(host, keygen, message="another message", status=255)
    verify(host, keygen, public="other.pub", status=255)


def test_u2f_key(host, keygen):
    """A key of U2F alone does ECDSA."""
    host.plug("--profile", "u2f")
    make(keygen, "ecdsa-sk")
    sign(host, keygen)
    assert 'Good "file" signature' in verify(host, keygen)


def test_another_key(host, keygen):
    host.plug()
    make(keygen, "ed25519-sk")
    host.unplug()
    host.plug()
    assert "device not found" in sign(host, keygen, status=255)


def test_no_touch_required(host, keygen):
    """Made with one touch; then a key that nobody touches signs."""
    host.plug(presence="once")
    make(keygen, "ed25519-sk", "no-touch-required")
    sign(host, keygen)
    assert 'Good "file" signature' in verify(host, keygen)


def test_resident(host, keygen):
    """Keys are found again on the security key, with the PIN, and sign."""
    set_pin(host, host.plug())
    made = {}
    for type, name in ("ed25519-sk", "ada"), ("ecdsa-sk", "bob"):
        make(keygen, type, "resident", f"application=ssh:{name}", file=f"made-{name}")
        made[f"id_{type.replace('-', '_')}_rk_{name}"] = (host.folder / f"made-{name}.pub").read_text().split()[1]
    keygen("-K", "-N", "")
    found = {path.stem: path.read_text().split()[1] for path in host.folder.glob("id_*.pub")}
    assert found == made
    for name in found:
        sign(host, keygen, name)
        assert 'Good "file" signature' in verify(host, keygen, public=f"{name}.pub")


def test_verify_required(host, keygen):
    node = host.plug()
    set_pin(host, node)
    make(keygen, "ed25519-sk", "verify-required")
    sign(host, keygen)
    assert 'Good "file" signature' in verify(host, keygen)


def test_wrong_pin(host, keygen):
    set_pin(host, host.plug(), "another")
    assert "PIN incorrect" in keygen("-t", "ed25519-sk", "-O", "resident", "-N", "", "-f", "id", status=255)
