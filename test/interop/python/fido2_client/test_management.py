"""authenticatorCredentialManagement: what is on the key, and how it changes."""

import pytest
from fido2.ctap import CtapError
from fido2.ctap2 import Ctap2
from fido2.ctap2.credman import CredentialManagement
from fido2.ctap2.pin import ClientPin
from fido2.utils import sha256
from steps import PERMISSION, PIN, RP, create, descriptor, get, refused, set_pin, token_for

ERR = CtapError.ERR
RESULT = CredentialManagement.RESULT
OTHER = {"id": "example.org", "name": "Other"}


@pytest.fixture
def ctap(device):
    ctap = Ctap2(device)
    set_pin(ctap)
    return ctap


def management(ctap, permission=PERMISSION.CREDENTIAL_MGMT, rp_id=None):
    return CredentialManagement(ctap, *token_for(ctap, permission, rp_id))


def enrol(ctap, user, rp=RP):
    """Makes a discoverable credential."""
    token = token_for(ctap, PERMISSION.MAKE_CREDENTIAL, rp["id"])
    return create(ctap, True, user, rp, token=token).auth_data.credential_data


def listed(manager, rp=RP):
    """Returns the credentials of a relying party by their users."""
    return {found[RESULT.USER]["id"]: found for found in manager.enumerate_creds(sha256(rp["id"].encode()))}


def test_empty(ctap):
    manager = management(ctap)
    assert manager.get_metadata() == {RESULT.EXISTING_CRED_COUNT: 0, RESULT.MAX_REMAINING_COUNT: 10_000}
    assert manager.enumerate_rps() == [] and manager.enumerate_creds(sha256(RP["id"].encode())) == []


def test_enumerate(ctap):
    made = {user: enrol(ctap, user) for user in (b"anna", b"bert", b"carl")}
    enrol(ctap, b"anna", OTHER)
    manager = management(ctap)
    assert manager.get_metadata()[RESULT.EXISTING_CRED_COUNT] == 4
    assert {(rp[RESULT.RP]["id"], rp[RESULT.RP_ID_HASH]) for rp in manager.enumerate_rps()} == {
        (rp["id"], sha256(rp["id"].encode())) for rp in (RP, OTHER)
    }
    found = listed(manager)
    assert found.keys() == made.keys()
    for user, credential in made.items():
        assert found[user][RESULT.CREDENTIAL_ID] == descriptor(credential)
        assert found[user][RESULT.PUBLIC_KEY] == credential.public_key
        assert found[user][RESULT.USER]["name"] == user.decode()
        assert found[user][RESULT.CRED_PROTECT] == 1


def test_update(ctap):
    credential, manager = enrol(ctap, b"anna"), management(ctap)
    manager.update_user_info(descriptor(credential), {"id": b"anna", "name": "anna2", "displayName": "Anna B."})
    assert listed(manager)[b"anna"][RESULT.USER] == {"id": b"anna", "name": "anna2", "displayName": "Anna B."}
    with refused(ERR.INVALID_PARAMETER):
        manager.update_user_info(descriptor(credential), {"id": b"bert", "name": "bert"})
    with refused(ERR.NO_CREDENTIALS):
        manager.update_user_info({"type": "public-key", "id": bytes(64)}, {"id": b"anna", "name": "anna"})
    assert get(ctap, credential).credential["id"] == credential.credential_id


def test_delete(ctap):
    gone, kept = enrol(ctap, b"anna"), enrol(ctap, b"bert")
    manager = management(ctap)
    manager.delete_cred(descriptor(gone))
    assert set(listed(manager)) == {b"bert"}
    assert manager.get_metadata()[RESULT.EXISTING_CRED_COUNT] == 1
    with refused(ERR.NO_CREDENTIALS):
        get(ctap, gone)
    get(ctap, kept)


@pytest.mark.parametrize("permission, rp_id", [(PERMISSION.GET_ASSERTION, RP["id"]), (PERMISSION.AUTHENTICATOR_CFG, None)])
def test_another_permission(ctap, permission, rp_id):
    with refused(ERR.PIN_AUTH_INVALID):
        management(ctap, permission, rp_id).get_metadata()


def test_token_of_one_relying_party(ctap):
    mine, other = enrol(ctap, b"anna"), enrol(ctap, b"anna", OTHER)
    manager = management(ctap, rp_id=RP["id"])
    assert set(listed(manager)) == {b"anna"}
    for call in manager.get_metadata, manager.enumerate_rps, lambda: manager.delete_cred(descriptor(other)):
        with refused(ERR.PIN_AUTH_INVALID):
            call()
    manager.delete_cred(descriptor(mine))


def test_persistent_token(connect):
    """It reads, and reads alone, also after the key was plugged in again, until the PIN changes."""
    key, device = connect()
    ctap = Ctap2(device)
    set_pin(ctap)
    credential = enrol(ctap, b"anna")
    protocol, token = token_for(ctap, PERMISSION.PERSISTENT_CREDENTIAL_MGMT)
    key.stop()
    ctap = Ctap2(connect()[1])
    manager = CredentialManagement(ctap, protocol, token)
    assert set(listed(manager)) == {b"anna"} and len(manager.enumerate_rps()) == 1
    for change in (
        lambda: manager.delete_cred(descriptor(credential)),
        lambda: manager.update_user_info(descriptor(credential), {"id": b"anna", "name": "x"}),
    ):
        with refused(ERR.PIN_AUTH_INVALID):
            change()
    assert token_for(ctap, PERMISSION.PERSISTENT_CREDENTIAL_MGMT)[1] == token
    ClientPin(ctap).change_pin(PIN, PIN[::-1])
    with refused(ERR.PIN_AUTH_INVALID):
        manager.get_metadata()


def test_encrypted_members(connect):
    """Who has the persistent token knows the key again, and sees whether its credentials changed."""
    key, device = connect()
    ctap = Ctap2(device)
    set_pin(ctap)
    _, token = token_for(ctap, PERMISSION.PERSISTENT_CREDENTIAL_MGMT)
    one, two = ctap.get_info(), ctap.get_info()
    assert one.enc_identifier != two.enc_identifier and one.enc_cred_store_state != two.enc_cred_store_state
    identifier, state = one.get_identifier(token), one.get_cred_store_state(token)
    assert len(identifier) == len(state) == 16
    assert (two.get_identifier(token), two.get_cred_store_state(token)) == (identifier, state)
    enrol(ctap, b"anna")
    changed = ctap.get_info().get_cred_store_state(token)
    assert changed != state
    key.stop()
    info = Ctap2(connect()[1]).info
    assert (info.get_identifier(token), info.get_cred_store_state(token)) == (identifier, changed)


def test_preview(connect):
    """The command of the draft, on a key of that time."""
    ctap = Ctap2(connect("--profile", "fido2.1-pre")[1])
    set_pin(ctap)
    assert not CredentialManagement.is_update_supported(ctap.info)
    client_pin = ClientPin(ctap)
    token = client_pin.protocol, client_pin.get_pin_token(PIN)
    credential = create(ctap, True, token=token).auth_data.credential_data
    manager = CredentialManagement(ctap, client_pin.protocol, client_pin.get_pin_token(PIN))
    assert [rp[RESULT.RP]["id"] for rp in manager.enumerate_rps()] == [RP["id"]]
    assert listed(manager)[b"user"][RESULT.CREDENTIAL_ID] == descriptor(credential)
    manager.delete_cred(descriptor(credential))
    assert manager.get_metadata()[RESULT.EXISTING_CRED_COUNT] == 0
