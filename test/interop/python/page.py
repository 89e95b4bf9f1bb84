"""A page with a key: `softkey webauthn` in a browser's place, and what a site is given to trust the key by."""

import base64
import json

from softkey import ask, run

ORIGIN = "https://example.com"
RP_ID = "example.com"
EVERYTHING = {
    "base": "full-policy",  # which has every algorithm and extension
    "attestationFormats": ["packed", "fido-u2f", "tpm", "android-key", "apple", "compound"],
}
SELF = {"base": "platform", "name": "selfish", "attestationType": "self"}  # whose credentials vouch for themselves
AAGUID = "50a4d183-b2dc-5e83-8042-8758cc9420a1"  # of full-policy
NO_AAGUID = "00000000-0000-0000-0000-000000000000"  # of the format fido-u2f


class Page:
    """A key in a folder of its own, which attests in the format that a site asks for.

    profile is the name of a profile, or what a file has of one. An Authority is the CA that issues the key's
    attestation certificates. With a PIN, users can be verified. Pages with one folder have one key, plugged in as
    one model or another.
    """

    def __init__(self, folder, profile=EVERYTHING, authority=None, pin=None):
        self.folder = folder
        if isinstance(profile, dict):
            file = folder / f"{profile.get('name', 'profile')}.json"
            file.write_text(json.dumps(profile))
            profile = file
        self.flags = ["--state", folder / "state", "--profile", profile]
        if authority:
            self.flags += authority.flags
        self.pin = []
        if pin:
            file = folder / "pin"
            file.touch(mode=0o600)
            file.write_text(pin)
            self.pin = ["--pin-file", file]
        run("info", "--device", "loopback", *self.flags)  # from now on there is something to export

    def create(self, options):
        return self._ask("create", options)

    def get(self, options):
        return self._ask("get", options)

    def _ask(self, ceremony, options):
        flags = "--origin", ORIGIN, "--device", "loopback", *self.flags, *self.pin
        return ask("webauthn", ceremony, *flags, request=options)

    def export(self, format):
        """Returns what `softkey attestation export` prints."""
        return run("attestation", "export", "--format", format, *self.flags).encode()


def miscounted(response):
    """Returns an assertion in whose authenticator data the counter is another, so that nobody signed it."""
    inner = response["response"]
    data = bytearray(base64.urlsafe_b64decode(inner["authenticatorData"] + "=="))
    data[33] ^= 1  # of rpIdHash (32), flags (1), signCount (4)
    encoded = base64.urlsafe_b64encode(data).decode().rstrip("=")
    return {**response, "response": {**inner, "authenticatorData": encoded}}


def otherwise_said(response):
    """Returns a registration with client data that say the same, but that nobody signed."""
    inner = response["response"]
    data = base64.urlsafe_b64decode(inner["clientDataJSON"] + "==") + b" "
    encoded = base64.urlsafe_b64encode(data).decode().rstrip("=")
    return {**response, "response": {**inner, "clientDataJSON": encoded}}
