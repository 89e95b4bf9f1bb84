"""A host for each test."""

import pytest
from host import Host, build


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    return build(tmp_path_factory.mktemp("preload"))


@pytest.fixture
def host(library, tmp_path):
    """A Host without a key yet; its keys are taken out after the test."""
    machine = Host(library, tmp_path)
    yield machine
    machine.unplug()
