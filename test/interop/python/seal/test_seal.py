"""Secrets at rest: what a TPM sealed only that TPM opens; Debian's age and keyctl see what softkey says it does."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from swtpm import TPM

SOFTKEY = os.environ["SOFTKEY"]
PROJECT = Path(__file__).parents[4]
PATIENCE = 60  # seconds
NOBODY = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"  # a recipient
CHEAP = ("--passphrase-cost", "1,8,1")


def softkey(*arguments, expect=0):
    """Runs softkey, and returns what it prints: results, messages."""
    done = subprocess.run([SOFTKEY, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == expect, f"exit code {done.returncode}, want {expect}: {done.stderr}"
    return done.stdout, done.stderr


def secret(path, text):
    path.write_text(text + "\n")
    path.chmod(0o600)
    return path


def seals(state):
    shown = json.loads(softkey("state", "show", "--json", "--state", state)[0])
    return [seal["kind"] for seal in shown["seals"]]


@pytest.fixture
def state(tmp_path):
    """A state folder with a key in it."""
    softkey("info", "--device", "loopback", "--state", tmp_path / "key")
    return tmp_path / "key"


@pytest.fixture
def tpm(tmp_path):
    with TPM(tmp_path / "tpm", tmp_path / "tpm.sock") as running:
        yield running


def test_package(tpm):
    done = subprocess.run(
        ["go", "test", "-count=1", "-v", "-run", "^TestTPM$", "./keystore/seal"],
        cwd=PROJECT, env={**os.environ, "SOFTKEY_TEST_TPM": tpm.address}, capture_output=True, text=True, timeout=10 * PATIENCE,
    )
    assert "--- PASS: TestTPM" in done.stdout, done.stdout + done.stderr


def test_tpm(tmp_path, state):
    with TPM(tmp_path / "tpm", tmp_path / "a.sock") as tpm:
        softkey("state", "seal", "--tpm", "--tpm-device", tpm.address, "--state", state)
        assert seals(state) == ["tpm"]
        softkey("info", "--state", state, "--tpm-device", tpm.address)
        chain = softkey("attestation", "export", "--format", "chain", "--state", state, "--tpm-device", tpm.address)[0]
        assert "BEGIN CERTIFICATE" in chain
    with TPM(tmp_path / "tpm", tmp_path / "b.sock") as tpm:  # the machine was restarted
        softkey("info", "--state", state, "--tpm-device", tpm.address)


def test_other_tpm(tmp_path, state, tpm):
    softkey("state", "seal", "--tpm", "--tpm-device", tpm.address, "--state", state)
    before = (state / "softkey.db").read_bytes()
    with TPM(tmp_path / "other", tmp_path / "other.sock") as other:
        _, said = softkey("info", "--state", state, "--tpm-device", other.address, expect=1)
    assert "the TPM did not make this seal, or was cleared" in said
    assert "softkey: hint: the TPM of the machine where it was sealed opens it" in said
    _, said = softkey("info", "--state", state, "--tpm-device", f"unix:{tmp_path}/none", expect=1)
    assert "is sealed, and nothing here opens it" in said
    assert (state / "softkey.db").read_bytes() == before


def test_registers(state, tpm):
    softkey("state", "seal", "--tpm", "--pcrs", "16,23", "--tpm-device", tpm.address, "--state", state)
    tpm.extend(15)
    softkey("info", "--state", state, "--tpm-device", tpm.address)
    tpm.extend(16)
    _, said = softkey("info", "--state", state, "--tpm-device", tpm.address, expect=1)
    assert "the TPM does not agree" in said


def test_tpm_and_passphrase(tmp_path, state, tpm):
    phrase = secret(tmp_path / "phrase", "correct horse")
    softkey("state", "seal", "--tpm", "--tpm-device", tpm.address, "--state", state)
    softkey("state", "seal", "--new-passphrase-file", phrase, *CHEAP, "--tpm-device", tpm.address, "--state", state)
    assert seals(state) == ["tpm", "passphrase"]
    softkey("info", "--state", state, "--tpm-device", tpm.address)
    softkey("info", "--state", state, "--passphrase-file", phrase)
    softkey("state", "unseal", "--tpm", "--passphrase-file", phrase, "--state", state)
    assert seals(state) == ["passphrase"]
    softkey("info", "--state", state, "--tpm-device", tpm.address, expect=1)
    _, said = softkey("state", "export", "-r", NOBODY, "--state", state, tmp_path / "copy.age")
    assert "warning" not in said
    softkey("state", "seal", "--tpm", "--replace", 1, "--passphrase-file", phrase, "--tpm-device", tpm.address, "--state", state)
    assert seals(state) == ["tpm"]
    _, said = softkey("state", "export", "-r", NOBODY, "--state", state, tmp_path / "other.age")
    assert "warning: only this machine opens the seals of the copy" in said


@pytest.fixture
def identity(tmp_path):
    """An identity of age-keygen's, and its recipient."""
    path = tmp_path / "identity.txt"
    subprocess.run(["age-keygen", "-o", path], check=True, capture_output=True)
    recipient = subprocess.run(["age-keygen", "-y", path], check=True, capture_output=True, text=True).stdout.strip()
    return path, recipient


def test_age_reads_a_copy(tmp_path, state, identity):
    path, recipient = identity
    softkey("state", "export", "-r", recipient, "--state", state, tmp_path / "copy.age")
    plain = subprocess.run(["age", "-d", "-i", path, tmp_path / "copy.age"], check=True, capture_output=True, text=True).stdout
    lines = [json.loads(line) for line in plain.splitlines()]
    assert lines[0]["softkey"] == "state"
    assert lines[-1] == {"entries": len(lines) - 2}
    assert {"device", "settings", "attestation"} <= {line["bucket"] for line in lines[1:-1]}


def test_age_writes_a_copy(tmp_path, state, identity):
    path, recipient = identity
    softkey("state", "export", "-r", recipient, "--state", state, tmp_path / "copy.age")
    plain = subprocess.run(["age", "-d", "-i", path, tmp_path / "copy.age"], check=True, capture_output=True).stdout
    again = tmp_path / "again.age"
    subprocess.run(["age", "-r", recipient, "-o", again], input=plain, check=True)
    softkey("state", "import", "-i", path, "--state", tmp_path / "back", again)
    shown = [softkey("attestation", "show", "--json", "--state", folder)[0] for folder in (state, tmp_path / "back")]
    assert json.loads(shown[0])["root"] == json.loads(shown[1])["root"]


def keyctl(*arguments):
    return subprocess.run(["keyctl", *arguments], capture_output=True, text=True)


def test_keyring(tmp_path, state):
    phrase = secret(tmp_path / "phrase", "correct horse")
    softkey("state", "seal", "--new-passphrase-file", phrase, *CHEAP, "--state", state)
    softkey("state", "seal", "--keyring", "--passphrase-file", phrase, "--state", state)
    assert seals(state) == ["passphrase", "keyring"]
    name = json.loads(softkey("state", "show", "--json", "--state", state)[0])["seals"][1]["details"].split()[0]
    number = keyctl("search", "@u", "user", name).stdout.strip()
    softkey("info", "--state", state)
    keyctl("unlink", number, "@u")
    _, said = softkey("info", "--state", state, expect=1)
    assert "the kernel's keyring does not have the key" in said
    softkey("state", "seal", "--keyring", "--replace", 1, "--passphrase-file", phrase, "--state", state)
    softkey("info", "--state", state)
    softkey("state", "unseal", "--keyring", "--passphrase-file", phrase, "--state", state)
    assert "softkey:" not in keyctl("list", "@u").stdout
