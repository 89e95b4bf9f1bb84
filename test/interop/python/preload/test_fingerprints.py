"""fido2-token and a key with a fingerprint sensor, whose finger is always recognised."""

import pytest
from host import NODE
from tools import PIN, base64_of, create, options_of, set_pin, sign, token


@pytest.fixture(params=["biometric", "fido2.1-pre"])
def node(request, host):
    """The node of a key with a PIN that enrols fingers, by the command or by its preview."""
    node = host.plug("--profile", request.param, "--verification", "approve")
    set_pin(host, node)
    return node


def fingers(host, node):
    """What fido2-token lists: a dict of names by template IDs. A key that has none answers with an error."""
    if "nouv" in options_of(host, node):
        assert "FIDO_ERR_INVALID_OPTION" in token(host, node, "-L", "-e", typing=[PIN], status=1)
        return {}
    lines = token(host, node, "-L", "-e", typing=[PIN]).splitlines()
    return dict(line.split(": ", 1)[1].split(" ", 1) for line in lines)


def enrol(host, node):
    """Enrols a finger and returns the ID of its template."""
    before = fingers(host, node)
    token(host, node, "-S", "-e", typing=[PIN])
    (template,) = fingers(host, node).keys() - before.keys()
    return template


def test_enrol_name_delete(host, node):
    one, two = enrol(host, node), enrol(host, node)
    assert "uv" in options_of(host, node)
    token(host, node, "-S", "-e", "-i", one, "-n", "Zeigefinger", typing=[PIN])
    assert fingers(host, node)[one] == "Zeigefinger" and fingers(host, node)[two] != "Zeigefinger"
    token(host, node, "-D", "-e", "-i", one, typing=[PIN])
    assert list(fingers(host, node)) == [two]
    token(host, node, "-D", "-e", "-i", two, typing=[PIN])
    assert fingers(host, node) == {} and "nouv" in options_of(host, node)


def test_enrol_with_wrong_pin(host, node):
    assert "FIDO_ERR_PIN_INVALID" in token(host, node, "-S", "-e", typing=["wrong"], status=1)
    assert fingers(host, node) == {}


def test_unknown_template(host, node):
    enrol(host, node)
    assert "FIDO_ERR_INVALID_OPTION" in token(
        host, node, "-D", "-e", "-i", base64_of(bytes(8)), typing=[PIN], status=1)


def test_finger_verifies(host):
    """Where a finger is enrolled nobody is asked for a PIN."""
    node = host.plug("--profile", "biometric", "--verification", "approve")
    assert node == NODE
    set_pin(host, node)
    enrol(host, node)
    credential = create(host, node, "-r", "-v")
    sign(host, node, credential, "-t", "uv=true", "-p")
