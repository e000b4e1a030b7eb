"""The parts of the scenario that need no other process."""

import socket
import threading

from benchmarks import cdn


def test_a_crowd_is_answered(monkeypatch):
    monkeypatch.setattr(cdn, "_CROWD", 20)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            for _ in range(20):
                connection = server.accept()[0]
                with connection:
                    assert connection.recv(4096).startswith(b"GET /a HTTP/1.1\r\n")
                    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nbody")

        thread = threading.Thread(target=serve)
        thread.start()
        ends, statuses = cdn.crowd(f"http://127.0.0.1:{server.getsockname()[1]}/a")
        thread.join(10)
    assert (len(ends), statuses) == (20, {b"HTTP/1.1 200"})
    assert min(ends) > 0
