"""The token type u2f, which privacyIDEA 3.14 has no more: 3.13 is the last to be asked for U2F.

Its configuration names the type, as 3.13 wants it, to no effect: it is answered as a type that never was.
"""

import pytest
from identity import PIN, rejects

pytestmark = pytest.mark.acceptance("S002-4")
each_type = pytest.mark.parametrize("kind", ["u2f", "nosuch"])


@each_type
def test_enrolment(server, user, kind):
    with server.says("'NoneType' object has no attribute 'get_default_settings'"), rejects("500"):
        server.enroll(kind, user=user, pin=PIN)
    assert server.tokens(user=user) == []


@each_type
def test_facets(server, kind):
    status, _ = server.get(f"/ttype/{kind}")
    assert status == 400
