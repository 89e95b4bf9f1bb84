"""The hand on the key, and its process."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from softkey_testing import Key, SoftkeyError, find_program, run

OPTIONS = {
    "rp": {"id": "example.com", "name": "Example"},
    "user": {"id": "YWRh", "name": "ada", "displayName": "Ada"},
    "challenge": "Y2hhbGxlbmdl",
    "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
}


@pytest.mark.softkey(presence="control")
def test_touch_and_refuse(softkey):
    with softkey.touched():
        assert softkey.create(OPTIONS)["type"] == "public-key"
    with softkey.refused(), pytest.raises(SoftkeyError, match="^NotAllowedError: "):
        softkey.create(OPTIONS)


@pytest.mark.softkey(presence="control")
def test_touch_when_nothing_is_asked(softkey, start_softkey):
    with pytest.raises(SoftkeyError, match="the key asks nothing"):
        softkey.touch("0s")
    with pytest.raises(SoftkeyError, match="not started with --presence control"):
        start_softkey().touch()


@pytest.mark.parametrize("user", [{"presence": "deny"}, {"presence": "ignore", "presence_timeout": "10ms"}])
def test_no_consent(start_softkey, user):
    with pytest.raises(SoftkeyError, match="^NotAllowedError: ") as e:
        start_softkey(**user).create(OPTIONS)
    assert e.value.exit_code == 3


def test_unplug_and_plug(softkey):
    assert softkey.state() == {"addresses": [softkey.address], "plugged": True, "prompt": None}
    softkey.unplug()
    assert not softkey.state()["plugged"]
    with pytest.raises(SoftkeyError) as e:
        softkey.create(OPTIONS)
    assert e.value.exit_code == 1
    softkey.plug()
    assert softkey.create(OPTIONS)["type"] == "public-key"


def test_state_outlives_the_key(tmp_path):
    state = tmp_path / "state"
    with Key(state=state) as key:
        made = key.create({**OPTIONS, "authenticatorSelection": {"residentKey": "required"}})
        with pytest.raises(SoftkeyError, match="softkey ended with 1: "):
            Key(state=state)
    with Key(state=state) as key:
        assert key.get({"rpId": "example.com", "challenge": "abc"})["id"] == made["id"]


def test_seed():
    """The same test gives the same key handles."""
    ids = []
    for _ in range(2):
        with Key(seed="00" * 16) as key:
            ids.append(key.create(OPTIONS)["id"])
    assert ids[0] == ids[1]


def test_transports_and_flags(start_softkey):
    key = start_softkey(transport="tcp:127.0.0.1:0", flags=["--no-client-pin"])
    assert key.address.startswith("tcp:127.0.0.1:")
    assert key.create(OPTIONS)["type"] == "public-key"
    key.connect().close()
    with pytest.raises(SoftkeyError, match="unknown flag: --no-such-flag") as e:
        start_softkey(flags=["--no-such-flag"])
    assert e.value.exit_code == 2


@pytest.mark.softkey(presence="signal")
def test_signal(softkey):
    """A touch counts from the moment that the key asks, so the finger taps until it is answered."""
    answered = threading.Event()

    def tap():
        while not answered.wait(0.05):
            softkey.signal(signal.SIGUSR1)

    finger = threading.Thread(target=tap)
    finger.start()
    try:
        assert softkey.create(OPTIONS)["type"] == "public-key"
    finally:
        answered.set()
        finger.join()


def test_stop():
    key = Key()
    folder = Path(key.path).parent
    key.stop()
    key.stop()
    assert not folder.exists()
    with pytest.raises(SoftkeyError, match="the key does not answer"):
        key.state()


def test_killed():
    key = Key()
    folder = Path(key.path).parent
    key.signal(signal.SIGKILL)
    with pytest.raises(SoftkeyError, match="softkey ended with -9") as e:
        key.stop()
    assert e.value.exit_code == -9
    assert not folder.exists()


def test_a_program_that_ends_takes_its_keys_along():
    script = "import softkey_testing; print(softkey_testing.Key().path)"
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    assert not Path(printed.stdout.strip()).parent.exists()


def test_no_program(monkeypatch, tmp_path):
    assert find_program() == os.environ["SOFTKEY"]
    with pytest.raises(SoftkeyError, match="softkey does not start: .*No such file"):
        Key(program="/none/softkey")
    with pytest.raises(SoftkeyError, match="softkey does not start: .*No such file"):
        run("version", program="/none/softkey")
    monkeypatch.delenv("SOFTKEY")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SoftkeyError, match="go build -o softkey"):
        find_program()
    program = tmp_path / "softkey"
    program.touch(0o755)
    assert find_program() == str(program)
