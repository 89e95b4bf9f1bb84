"""pam_u2f and pamu2fcfg, by pamtester; libpam-wrapper has the services in a folder other than /etc/pam.d."""

import getpass

import pytest
from tools import PIN, set_pin

USER = getpass.getuser()
ORIGIN = "pam://softkey.example"


@pytest.fixture
def enrol(host):
    """Enrols the key that is plugged in for USER: enrol(*flags, typing=)."""

    def run(*flags, typing=()):
        line = host.run("pamu2fcfg", "-u", USER, "-o", ORIGIN, "-i", ORIGIN, *flags, typing=typing)
        (host.folder / "mapping").write_text(line[line.index(f"{USER}:"):] + "\n")

    return run


@pytest.fixture
def log_in(host):
    """Logs USER in by the keys that are plugged in: log_in(typing=, status=)."""
    services = host.folder / "pam.d"
    services.mkdir()

    def run(typing=(), status=0):
        arguments = f"authfile={host.folder}/mapping origin={ORIGIN} appid={ORIGIN}"
        (services / "softkey").write_text(f"auth required pam_u2f.so {arguments}\n")
        (services / "other").write_text("auth required pam_deny.so\n")
        return host.run(
            "pamtester", "softkey", USER, "authenticate", typing=typing, status=status,
            LD_PRELOAD=f"libpam_wrapper.so:{host.library}", PAM_WRAPPER="1", PAM_WRAPPER_SERVICE_DIR=str(services),
        )

    return run


@pytest.mark.parametrize("profile", ["u2f", "fido2.0", "fido2.3"])
def test_log_in(host, enrol, log_in, profile):
    host.plug("--profile", profile)
    enrol()
    assert "successfully authenticated" in log_in()


def test_another_key(host, enrol, log_in):
    host.plug()
    enrol()
    host.unplug()
    host.plug()
    assert "Authentication failure" in log_in(status=1)


def test_one_of_two_keys(host, enrol, log_in):
    host.plug()
    enrol()
    host.unplug()
    host.plug()
    enrol()
    host.plug()
    assert "successfully authenticated" in log_in()


def test_no_key(host, enrol, log_in):
    host.plug()
    enrol()
    host.keys[0].stop()
    assert "Authentication failure" in log_in(status=1)



def test_pin(host, enrol, log_in):
    set_pin(host, host.plug())
    enrol("-N", typing=[PIN])
    assert "successfully authenticated" in log_in(typing=[PIN])
    assert "Authentication failure" in log_in(typing=["wrong"], status=1)


def test_discoverable(host, enrol, log_in):
    set_pin(host, host.plug())
    enrol("-r", typing=[PIN])
    assert "successfully authenticated" in log_in()
