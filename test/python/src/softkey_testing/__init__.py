"""A virtual security key for tests, and a browser's half of WebAuthn and U2F beside it.

    with Key() as key:
        response = key.create(options)  # as navigator.credentials.create

Both are the program softkey; this package starts and asks it. Under pytest there are the fixtures
softkey, start_softkey, ctap_device and fido2_client.
"""

from softkey_testing.key import Key
from softkey_testing.program import SoftkeyError, ask, find_program, run

__all__ = ["Key", "SoftkeyError", "ask", "find_program", "run"]
