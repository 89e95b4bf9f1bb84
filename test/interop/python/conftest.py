"""Which row of the acceptance list a test shows, for the report."""

import pytest


@pytest.fixture(autouse=True)
def acceptance(request, record_property):
    for mark in request.node.iter_markers("acceptance"):
        for row in mark.args:
            record_property("acceptance", row)
