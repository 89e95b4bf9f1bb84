"""u2f-host and u2f-server, Yubico's programs for U2F: a client on hidapi, and a server."""

import json

import pytest

SITE = "https://example.com"
OTHER_SITE = "https://example.org"
CHALLENGE = "c29mdGtleSBhZ2FpbnN0IGxpYnUyZi1zZXJ2ZXIgMS4"


@pytest.fixture(params=["u2f", "fido2.3"])
def profile(request):
    return request.param


def server(host, action, *, answer=None, user="ada", challenge=CHALLENGE, status=0):
    """Runs u2f-server, which prints a request and judges the answer. Without an answer it returns the request."""
    files = "-k", f"{user}.handle", "-p", f"{user}.public"
    command = "u2f-server", "-a", action, "-o", SITE, "-i", SITE, "-c", challenge, *files
    if answer is None:
        return next(line for line in host.run(*command, status=1).splitlines() if line.startswith("{"))
    return host.run(*command, typing=[answer], status=status)


def client(host, action, request, *, site=SITE, status=0):
    """Runs u2f-host, and returns the answer to a server's request."""
    return host.run("u2f-host", "-a", action, "-o", site, typing=[request], status=status)


def register(host, user="ada"):
    answer = client(host, "register", server(host, "register", user=user))
    assert "Registration successful" in server(host, "register", answer=answer, user=user)


def sign_in(host, user="ada"):
    """Returns the counter."""
    answer = client(host, "authenticate", server(host, "authenticate", user=user))
    said = server(host, "authenticate", answer=answer, user=user).splitlines()[-1]
    assert said.startswith("Successful authentication, counter: ") and said.endswith(", user presence 1")
    return int(said.split(",")[1].split()[-1])


def test_register_and_authenticate(host, profile):
    host.plug("--profile", profile)
    register(host)
    assert [sign_in(host) for _ in range(3)] == [1, 2, 3]


def test_each_key_its_own_handle(host):
    host.plug()
    register(host)
    register(host, "bob")
    assert (host.folder / "ada.handle").read_text() != (host.folder / "bob.handle").read_text()
    assert sign_in(host) < sign_in(host, "bob")


def test_two_keys(host):
    """Of two keys the one that made the handle signs."""
    host.plug()
    register(host)
    host.plug()
    sign_in(host)


def test_foreign_handle(host, profile):
    """Neither a handle of another key nor one of another site is signed with."""
    host.plug("--profile", profile)
    register(host)
    request = server(host, "authenticate")
    elsewhere = json.dumps({**json.loads(request), "appId": OTHER_SITE})
    assert "error (-6): authenticator error" in client(host, "authenticate", elsewhere, site=OTHER_SITE, status=1)
    sign_in(host)
    host.unplug()
    host.plug("--profile", profile)
    assert "error (-6): authenticator error" in client(host, "authenticate", request, status=1)


def test_signature_of_another_challenge(host):
    host.plug()
    register(host)
    answer = client(host, "authenticate", server(host, "authenticate"))
    said = server(host, "authenticate", answer=answer, challenge=CHALLENGE[::-1], status=1)
    assert "error: u2fs_authentication_verify (-" in said


def test_signature_by_another_user(host):
    host.plug()
    register(host)
    register(host, "bob")
    answer = client(host, "authenticate", server(host, "authenticate"))
    assert "error: u2fs_authentication_verify (-" in server(host, "authenticate", answer=answer, user="bob", status=1)
