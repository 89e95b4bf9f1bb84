"""The fixtures, in test files as a user would write them."""

pytest_plugins = ["pytester"]


def test_fixtures(pytester):
    pytester.makepyfile(
        """
        import hashlib
        import pytest
        from fido2.client import ClientError
        from fido2.ctap2 import Ctap2
        from fido2.server import Fido2Server

        server = Fido2Server({"id": "example.com", "name": "Example"})
        USER = {"id": b"ada", "name": "ada"}

        def register(client, user_verification):
            options, state = server.register_begin(USER, user_verification=user_verification)
            return server.register_complete(state, client.make_credential(options.public_key))

        def test_device(ctap_device):
            assert ctap_device.ping(b"hello") == b"hello"
            assert "FIDO_2_3" in Ctap2(ctap_device).info.versions

        @pytest.mark.softkey(verification="approve")
        def test_client(fido2_client):
            assert register(fido2_client, "required").is_user_verified()

        @pytest.mark.softkey(pin="4711")
        def test_pin(fido2_client):
            assert register(fido2_client, "required").is_user_verified()

        @pytest.mark.softkey(origin="https://login.example.com")
        def test_origin(fido2_client):
            register(fido2_client, "discouraged")
            options, _ = Fido2Server({"id": "other.example", "name": "Other"}).register_begin(USER)
            with pytest.raises((ClientError, ValueError)):
                fido2_client.make_credential(options.public_key)

        @pytest.mark.softkey(presence="control")
        def test_touch(softkey, fido2_client):
            with softkey.touched():
                register(fido2_client, "discouraged")

        @pytest.mark.softkey(presence="deny", pin="4711")
        class TestMarks:
            @pytest.mark.softkey(presence="approve")
            def test_nearest_mark(self, fido2_client):
                register(fido2_client, "required")

            def test_outer_mark(self, fido2_client):
                with pytest.raises(ClientError):
                    register(fido2_client, "required")

        def test_several(start_softkey):
            assert start_softkey().address != start_softkey(profile="u2f").address
        """
    )
    result = pytester.runpytest_subprocess("--strict-markers", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=8)


def test_marker_is_listed(pytester):
    pytester.runpytest_subprocess("--markers").stdout.fnmatch_lines(["@pytest.mark.softkey(*"])
