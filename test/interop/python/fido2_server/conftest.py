"""Keys, and a metadata service."""

import pytest
from authority import Authority
from page import EVERYTHING, Page
from server import Service


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A key with a root of its own."""
    return Page(tmp_path_factory.mktemp("key"))


@pytest.fixture(scope="module")
def service():
    return Service()


@pytest.fixture
def plug(tmp_path):
    """Plugs a key in: plug(issuer, profile) returns its page, attested by itself or by a CA of the user's."""

    def plugger(issuer, profile=EVERYTHING):
        if issuer == "own root":
            return Page(tmp_path, profile)
        return Page(tmp_path, profile, Authority(tmp_path, intermediate=issuer == "CA below a root"))

    return plugger
