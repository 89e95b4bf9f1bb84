"""fido2-token: the PIN, the settings, large blobs and discoverable credentials of a key."""

import os

import pytest
from host import NODE
from tools import OTHER_RP, PIN, RP, base64_of, create, info, options_of, set_pin, sign, token


@pytest.fixture
def node(host):
    """The node of a key with a PIN."""
    node = host.plug()
    set_pin(host, node)
    return node


def test_list(host):
    host.plug()
    host.plug()
    assert host.run("fido2-token", "-L") == (
        "/dev/hidraw0: vendor=0xf1d0, product=0x5f01 ( )\n"
        "/dev/hidraw1: vendor=0xf1d0, product=0x5f01 ( )\n"
    )


def test_list_none(host):
    missing = host.folder / "missing.sock"
    said = host.run("fido2-token", "-L", keys=f"unix:{missing}")
    assert said == f"softkey-hidraw: {NODE}: {missing}: No such file or directory\n"


VERSIONS = {
    "fido2.0": "U2F_V2, FIDO_2_0",
    "fido2.1-pre": "U2F_V2, FIDO_2_0, FIDO_2_1_PRE",
    "fido2.1": "U2F_V2, FIDO_2_0, FIDO_2_1",
    "fido2.3": "U2F_V2, FIDO_2_0, FIDO_2_1, FIDO_2_3",
}


@pytest.mark.parametrize("profile", VERSIONS)
def test_info(host, profile):
    told = info(host, host.plug("--profile", profile))
    assert told["version strings"] == VERSIONS[profile]
    assert told["caps"] == "0x05 (wink, cbor, msg)"
    assert told["maxmsgsiz"] == "7609"
    assert "noclientPin" in told["options"].split(", ")


def test_info_u2f(host):
    assert info(host, host.plug("--profile", "u2f")) == {
        "proto": "0x02", "major": "0x00", "minor": "0x01", "build": "0x00", "caps": "0x01 (wink, nocbor, msg)",
    }


def test_pin(host):
    node, old = host.plug(), "2468ace"
    set_pin(host, node, old)
    assert "clientPin" in options_of(host, node) and info(host, node)["pin retries"] == "8"
    token(host, node, "-C", typing=[old, PIN, PIN])
    assert "FIDO_ERR_PIN_INVALID" in token(host, node, "-C", typing=[old, PIN, PIN], status=1)
    assert info(host, node)["pin retries"] == "7"
    assert "existing rk(s): 0" in token(host, node, "-I", "-c", typing=[PIN])
    assert info(host, node)["pin retries"] == "8"


def test_pin_blocked_until_unplugged(host, node):
    said = [token(host, node, "-I", "-c", typing=["wrong"], status=1).split()[-1] for _ in range(4)]
    assert said == ["FIDO_ERR_PIN_INVALID"] * 2 + ["FIDO_ERR_PIN_AUTH_BLOCKED"] * 2
    assert info(host, node)["pin retries"] == "5"


def test_min_pin_length(host, node):
    token(host, node, "-S", "-l", "8", typing=[PIN])
    assert info(host, node)["minpinlen"] == "8"
    assert info(host, node)["pin change required"] == "true"
    assert "FIDO_ERR_PIN_POLICY_VIOLATION" in token(host, node, "-C", typing=[PIN, "1234567", "1234567"], status=1)
    token(host, node, "-C", typing=[PIN, "12345678", "12345678"])
    assert info(host, node)["pin change required"] == "false"
    assert "FIDO_ERR_PIN_POLICY_VIOLATION" in token(host, node, "-S", "-l", "7", typing=["12345678"], status=1)


def test_force_pin_change(host, node):
    token(host, node, "-S", "-f", typing=[PIN])
    assert info(host, node)["pin change required"] == "true"
    assert "FIDO_ERR_PIN_POLICY_VIOLATION" in token(host, node, "-I", "-c", typing=[PIN], status=1)


def test_min_pin_length_rp_ids(host, node):
    token(host, node, "-S", "-m", ",".join([RP] * 3), typing=[PIN])
    assert "FIDO_ERR_KEY_STORE_FULL" in token(host, node, "-S", "-m", ",".join([RP] * 9), typing=[PIN], status=1)


def test_always_uv(host, node):
    token(host, node, "-S", "-u", typing=[PIN])
    assert "alwaysUv" in options_of(host, node)
    assert "FIDO_ERR_PIN_REQUIRED" in create(host, node, "-q", status=1)
    create(host, node, "-v", typing=[PIN])
    token(host, node, "-D", "-u", typing=[PIN])
    assert "noalwaysUv" in options_of(host, node)
    create(host, node)


def test_enterprise_attestation(host):
    node = host.plug("--profile", "enterprise")
    set_pin(host, node)
    assert "noep" in options_of(host, node)
    token(host, node, "-S", "-a", typing=[PIN])
    assert "ep" in options_of(host, node)


def test_credentials(host, node):
    ada = create(host, node, "-r", typing=[PIN])
    bob = create(host, node, "-r", type="eddsa", user="bob", typing=[PIN])
    eve = create(host, node, "-r", "-c", "3", rp=OTHER_RP, user="eve", typing=[PIN])
    sites = token(host, node, "-L", "-r", typing=[PIN]).splitlines()
    assert sorted(line.split()[-1] for line in sites) == [RP, OTHER_RP]
    assert sorted(token(host, node, "-L", "-k", RP, typing=[PIN]).splitlines()) == sorted(
        f"0{n}: {credential.id} (null) {base64_of(user)} {credential.type} uvopt"  # they have no displayName
        for n, credential, user in [(0, bob, b"bob"), (1, ada, b"ada")]
    )
    assert token(host, node, "-L", "-k", OTHER_RP, typing=[PIN]).split()[-2:] == ["es256", "uvreq"]
    assert eve.public.strip() in token(host, node, "-I", "-k", OTHER_RP, "-i", eve.id, typing=[PIN])
    assert "existing rk(s): 3" in token(host, node, "-I", "-c", typing=[PIN])


def test_delete_credential(host, node):
    ada, bob = create(host, node, "-r", typing=[PIN]), create(host, node, "-r", user="bob", typing=[PIN])
    token(host, node, "-D", "-i", ada.id, typing=[PIN])
    assert "existing rk(s): 1" in token(host, node, "-I", "-c", typing=[PIN])
    assert "FIDO_ERR_NO_CREDENTIALS" in sign(host, node, ada, status=1)
    sign(host, node, bob)
    assert "FIDO_ERR_NO_CREDENTIALS" in token(host, node, "-D", "-i", ada.id, typing=[PIN], status=1)


def test_rename_user(host, node):
    ada = create(host, node, "-r", typing=[PIN])
    names = "-n", "ada", "-p", "Ada Lovelace"
    token(host, node, "-S", "-c", "-i", ada.id, "-k", base64_of(b"ada"), *names, typing=[PIN])
    assert "Ada Lovelace" in token(host, node, "-L", "-k", RP, typing=[PIN])


def test_no_credentials(host, node):
    assert "FIDO_ERR_NO_CREDENTIALS" in token(host, node, "-L", "-r", typing=[PIN], status=1)


@pytest.fixture(params=["by key", "by site"])
def blob_owner(request, host, node):
    """The flags of fido2-token that name the large blob of a new credential."""
    credential = create(host, node, "-r", "-b", typing=[PIN])
    if request.param == "by site":
        return "-n", RP, "-i", credential.id
    (host.folder / "blob.key").write_text(credential.large_blob_key)
    return "-k", "blob.key"


def test_large_blob(host, node, blob_owner):
    """It is written, listed, read, replaced and deleted."""
    for size in 3000, 100:
        data = os.urandom(size)
        (host.folder / "data").write_bytes(data)
        token(host, node, "-S", "-b", *blob_owner, "data", typing=[PIN])
        blobs = token(host, node, "-L", "-b", typing=[PIN]).splitlines()
        assert [line.split()[2] for line in blobs if line.startswith("0")] == [str(size)]
        token(host, node, "-G", "-b", *blob_owner, f"read{size}", typing=[PIN])
        assert (host.folder / f"read{size}").read_bytes() == data
    token(host, node, "-D", "-b", *blob_owner, typing=[PIN])
    assert token(host, node, "-L", "-b", typing=[PIN]) == ""
    assert "FIDO_ERR_NOTFOUND" in token(host, node, "-G", "-b", *blob_owner, "none", typing=[PIN], status=1)


def test_large_blob_storage_full(host, node):
    credential = create(host, node, "-r", "-b", typing=[PIN])
    (host.folder / "blob.key").write_text(credential.large_blob_key)
    (host.folder / "data").write_bytes(os.urandom(4096))
    said = token(host, node, "-S", "-b", "-k", "blob.key", "data", typing=[PIN], status=1)
    assert "FIDO_ERR_LARGEBLOB_STORAGE_FULL" in said
