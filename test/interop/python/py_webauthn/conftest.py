"""Keys, and what a site trusts them by."""

import pytest
from authority import Authority, pem
from page import EVERYTHING, Page


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A key with a root of its own."""
    return Page(tmp_path_factory.mktemp("key"))


@pytest.fixture(scope="module", params=["own root", "CA of the user's"])
def plug(request, tmp_path_factory):
    """Plugs a key in that is attested by a root of its own, or by the user's CA.

    plug(profile) returns its page and the PEM of the certificates that vouch for it, the root last.
    """

    def plugger(profile=EVERYTHING):
        folder = tmp_path_factory.mktemp("key")
        if request.param == "own root":
            page = Page(folder, profile)
            return page, [page.export("pem")]
        authority = Authority(folder)
        return Page(folder, profile, authority), [pem(certificate) for certificate in authority.chain]

    return plugger
