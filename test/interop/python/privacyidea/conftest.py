"""One server for all tests, and for each test a user and a key."""

import pytest
from identity import PrivacyIDEA
from key import Key


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    with PrivacyIDEA(tmp_path_factory.mktemp("privacyidea")) as server:
        yield server


@pytest.fixture
def user(server):
    return server.new_user()


@pytest.fixture
def key(tmp_path):
    return Key(tmp_path / "key")


@pytest.fixture
def foreign_key(tmp_path):
    return Key(tmp_path / "foreign")
