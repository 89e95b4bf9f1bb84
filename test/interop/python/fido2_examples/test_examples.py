"""python-fido2's examples, as they come with its sources, unattended against softkey.

Each is a program of its own. It finds softkeys where it looks for USB keys, has
no terminal, reads the PIN, if it wants one, from its standard input, and must
end as it does with a key in the hand.

hmac_secret.py is not among them: python-fido2 2.2.1 cannot import its Windows
client elsewhere, and that example, unlike the others, does not expect the error.
A check says when that has changed.
"""

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from softkey import PATIENCE, Key, run, socket_in

EXAMPLES = Path(os.environ["FIDO2_EXAMPLES"])
PIN = "1234"


@pytest.fixture
def plug(tmp_path):
    """Plugs keys in: plug(*flags, presence=) returns the address of one in memory."""
    with ExitStack() as keys:

        def plugger(*flags, presence="approve"):
            folder = tmp_path / str(len(list(tmp_path.iterdir())))
            key = Key(socket_in(folder), "--ephemeral", *flags, presence=presence)
            return keys.enter_context(key).address

        yield plugger


@pytest.fixture
def plug_with_pin(plug, tmp_path):
    """Does the same for keys that have a PIN."""
    pin_file = tmp_path / "pin"
    pin_file.write_text(f"{PIN}\n")
    return lambda *flags, **kwargs: plug("--pin-file", pin_file, *flags, **kwargs)


def example(name, *addresses, pin=""):
    """Runs an example on the keys at addresses, in a session without a terminal."""
    command = [sys.executable, Path(__file__).with_name("plugged.py"), EXAMPLES / f"{name}.py", *addresses]
    path = f"{Path(__file__).parent.parent}{os.pathsep}{EXAMPLES}"
    return subprocess.run(
        command, input=f"{pin}\n", env={**os.environ, "PYTHONPATH": path}, start_new_session=True,
        capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip


def want_done(done, *lines):
    """Wants the example to have ended well and printed lines that begin so."""
    assert done.returncode == 0, f"ended with {done.returncode}: {done.stdout}{done.stderr}"
    for line in lines:
        assert any(said.startswith(line) for said in done.stdout.splitlines()), f"no {line!r} in {done.stdout}"


DONE = {
    "credential": ["New credential created!", "Credential authenticated!"],
    "resident_key": ["CredProps {'rk': True}", "Credential authenticated!", "USER ID: b'user_id'"],
    "prf": ["New credential created, with PRF", "Credential created, with salt. Secret:", "New secret:"],
    "cred_blob": ["Authenticated, got correct blob:"],
    "large_blobs": ["Blob written!", "Read blob: b'Here is some data to store!'"],
    "multi_device": ["Authenticator selected, making credential...", "New credential created!"],
    "get_info": ["Product name: softkey", "DEVICE INFO: Info(versions=['U2F_V2', 'FIDO_2_0'", "WINK sent!"],
}


# These do not say that they can do without user verification. Then python-fido2
# takes it for necessary with a key that has a PIN, or could have one.
PREFERRED = ["cred_blob", "multi_device"]


@pytest.mark.parametrize("name", [name for name in DONE if name not in PREFERRED])
def test_fresh_key(plug, name):
    want_done(example(name, plug()), *DONE[name])


@pytest.mark.parametrize("name", PREFERRED)
def test_fresh_key_needs_pin(plug, name):
    done = example(name, plug())
    assert done.returncode == 1
    assert "User verification not configured/supported" in done.stderr


@pytest.mark.parametrize("name", PREFERRED)
def test_key_without_pins(plug, name):
    want_done(example(name, plug("--no-client-pin")), *DONE[name])


@pytest.mark.parametrize("name", [name for name in DONE if name != "get_info"])
def test_pin(plug_with_pin, name):
    want_done(example(name, plug_with_pin(), pin=PIN), *DONE[name])


def test_wrong_pin(plug_with_pin):
    address = plug_with_pin()
    done = example("large_blobs", address, pin="0000")
    assert done.returncode == 1
    assert "PIN_INVALID" in done.stderr
    assert run("pin", "retries", "--device", address).split()[-1] == "7"


def test_user_verification(plug):
    """Examples prefer user verification where the key has it."""
    done = example("credential", plug("--verification", "approve"))
    want_done(done, "Authenticator supports User Verification", "User Verification required.", "Credential authenticated!")


@pytest.mark.parametrize("profile", ["u2f", "fido2.0", "fido2.1-pre", "fido2.1"])
def test_editions(plug, profile):
    """This one claims to work "with both FIDO 2.0 devices as well as with U2F devices"."""
    want_done(example("credential", plug("--profile", profile)), *DONE["credential"])


def test_prf_of_older_key(plug):
    """A key without hmac-secret-mc gives the first secret with the first assertion."""
    done = example("prf", plug("--profile", "fido2.1"))
    want_done(done, "New credential created, with PRF", "Authenticated, with salt. Secret:", "New secret:")


@pytest.mark.parametrize("name", ["resident_key", "prf", "cred_blob", "large_blobs"])
def test_key_without(plug, name):
    """A key that cannot do it is passed over."""
    done = example(name, plug("--profile", "u2f"))
    assert done.returncode == 1
    assert "No suitable Authenticator found!" in done.stderr


def test_second_key_is_suitable(plug):
    want_done(example("large_blobs", plug("--profile", "fido2.0"), plug()), *DONE["large_blobs"])


def test_two_devices(plug_with_pin):
    """The key that nobody touches is cancelled when the other is chosen."""
    done = example("multi_device", plug_with_pin(presence="ignore"), plug_with_pin(), pin=PIN)
    want_done(done, *DONE["multi_device"])


def test_refused(plug):
    done = example("credential", plug(presence="deny"))
    assert done.returncode == 1
    assert "OPERATION_DENIED" in done.stderr


def test_get_info_of_u2f(plug):
    want_done(example("get_info", plug("--profile", "u2f")), "Device does not support CBOR", "WINK sent!")


def test_verify_attestation(plug):
    """This one trusts keys of one maker."""
    done = example("verify_attestation", plug())
    assert done.returncode == 1
    assert "fido2.attestation.base.UntrustedAttestation" in done.stderr
    assert "attestation verified" not in done.stdout


def test_hmac_secret_is_broken_upstream():
    """It ends before it looks for a key. Where this fails, hmac_secret belongs to DONE."""
    done = example("hmac_secret")
    assert done.returncode == 1
    assert "AttributeError: module 'ctypes' has no attribute 'HRESULT'" in done.stderr
