"""A socket that nobody closes names the test that opened it."""

import socket


def test_representation_names_the_test_and_the_callers():
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = repr(server)
    assert "test_representation_names_the_test_and_the_callers" in found
    assert "create_server < test_representation" in found
