"""authenticatorConfig: policies that last."""

import pytest
from fido2.ctap import CtapError
from fido2.ctap1 import ApduError, Ctap1
from fido2.ctap2 import Ctap2
from fido2.ctap2.config import Config
from fido2.ctap2.pin import ClientPin
from steps import OTHER_PIN, PERMISSION, PIN, RP, create, get, refused, set_pin, token_for

ERR = CtapError.ERR
ENTERPRISE = {"id": "enterprisetest.certinfra.fidoalliance.org", "name": "Enterprise"}


def config(ctap):
    return Config(ctap, *token_for(ctap, PERMISSION.AUTHENTICATOR_CFG))


@pytest.fixture
def ctap(device):
    ctap = Ctap2(device)
    set_pin(ctap)
    return ctap


def test_needs_permission(ctap):
    with refused(ERR.PUAT_REQUIRED):
        Config(ctap).toggle_always_uv()
    with refused(ERR.PIN_AUTH_INVALID):
        Config(ctap, *token_for(ctap, PERMISSION.CREDENTIAL_MGMT)).toggle_always_uv()


def test_min_pin_length(ctap):
    config(ctap).set_min_pin_length(min_pin_length=10)
    info = ctap.get_info()
    assert (info.min_pin_length, info.force_pin_change) == (10, True), "the PIN has become too short"
    with refused(ERR.PIN_POLICY_VIOLATION):
        ClientPin(ctap).change_pin(PIN, OTHER_PIN)
    ClientPin(ctap).change_pin(PIN, "0123456789")
    token = token_for(ctap, PERMISSION.AUTHENTICATOR_CFG, pin="0123456789")
    for shorter_or_longer in 9, 64:
        with refused(ERR.PIN_POLICY_VIOLATION):
            Config(ctap, *token).set_min_pin_length(min_pin_length=shorter_or_longer)
    ctap.reset()
    assert ctap.get_info().min_pin_length == 4


def test_too_many_relying_parties(ctap):
    names = [f"{n}.example.com" for n in range(ctap.info.max_rpids_for_min_pin + 1)]
    config(ctap).set_min_pin_length(rp_ids=names[1:])
    with refused(ERR.KEY_STORE_FULL):
        config(ctap).set_min_pin_length(rp_ids=names)


def test_always_uv(connect):
    """U2F, which knows no PIN, is off while the user is always verified."""
    key, device = connect()
    ctap = Ctap2(device)
    set_pin(ctap)
    credential = create(ctap).auth_data.credential_data
    config(ctap).toggle_always_uv()
    key.stop()
    device = connect()[1]
    ctap = Ctap2(device)
    assert ctap.info.options["alwaysUv"] is True and ctap.info.options["makeCredUvNotRqd"] is False
    assert "U2F_V2" not in ctap.info.versions
    for call in lambda: create(ctap), lambda: get(ctap, credential):
        with refused(ERR.PUAT_REQUIRED):
            call()
    with pytest.raises(ApduError):
        Ctap1(device).register(bytes(32), bytes(32))
    get(ctap, credential, token=token_for(ctap, PERMISSION.GET_ASSERTION, RP["id"]))
    config(ctap).toggle_always_uv()
    assert ctap.get_info().options["alwaysUv"] is False
    get(ctap, credential)


def test_enterprise_attestation(connect):
    ctap = Ctap2(connect("--profile", "enterprise")[1])
    set_pin(ctap)
    with refused(ERR.INVALID_PARAMETER):
        create(ctap, rp=ENTERPRISE, enterprise_attestation=1)
    config(ctap).enable_enterprise_attestation()
    assert ctap.get_info().options["ep"] is True
    by_vendor = create(ctap, rp=ENTERPRISE, enterprise_attestation=1)
    by_platform = create(ctap, enterprise_attestation=2)
    elsewhere = create(ctap, enterprise_attestation=1)
    assert (by_vendor.ep_att, by_platform.ep_att) == (True, True) and not elsewhere.ep_att
    assert by_vendor.att_stmt["x5c"] == by_platform.att_stmt["x5c"] != elsewhere.att_stmt["x5c"]
    with refused(ERR.INVALID_OPTION):
        create(ctap, enterprise_attestation=3)


def test_no_enterprise_attestation(ctap):
    with refused(ERR.INVALID_PARAMETER):
        create(ctap, enterprise_attestation=1)


def test_long_touch_for_reset(connect):
    ctap = Ctap2(connect("--profile", "full-policy")[1])
    set_pin(ctap)
    assert ctap.info.long_touch_for_reset is False
    config(ctap)._call(0x04)  # which python-fido2 has no name for
    assert ctap.get_info().long_touch_for_reset is True


def test_pin_complexity(connect):
    ctap = Ctap2(connect("--profile", "full-policy")[1])
    set_pin(ctap)
    config(ctap).set_min_pin_length(pin_complexity_policy=True)
    assert ctap.get_info().pin_complexity_policy is True
    for simple in "1111", "1234":
        with refused(ERR.PIN_POLICY_VIOLATION):
            ClientPin(ctap).change_pin(PIN, simple)
    ClientPin(ctap).change_pin(PIN, OTHER_PIN)
