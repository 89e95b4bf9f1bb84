"""A key, and the pages of privacyIDEA's site and of others that ask it."""

import shutil

from identity import ORIGIN
from softkey import ask, run


class Key:
    """A key in a folder of its own."""

    def __init__(self, folder):
        self._flags = "--device", "loopback", "--state", folder
        self._folder = folder
        run("info", *self._flags)  # from now on it has a root

    def u2f(self, action, request, origin=ORIGIN):
        return ask("u2f", action, "--origin", origin, *self._flags, request=request)

    def webauthn(self, ceremony, options, origin=ORIGIN, encoding="base64url"):
        flags = "--origin", origin, "--challenge-encoding", encoding
        return ask("webauthn", ceremony, *flags, *self._flags, request=options)

    def root(self):
        """Returns the root of its attestation certificates in PEM."""
        return run("attestation", "export", "--format", "pem", *self._flags[2:])

    def clone(self):
        """Returns a key that is what this one is now."""
        folder = self._folder.with_name("clone")
        shutil.copytree(self._folder, folder)
        return Key(folder)
