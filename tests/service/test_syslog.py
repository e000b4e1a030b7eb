"""Syslog: lines reach a server, and a server that is away stops nothing."""

import logging
import socket
import threading

import pytest
import structlog

from mememime_proxy.errors import SettingsError
from mememime_proxy.service import logs, syslog
from mememime_proxy.service.syslog import SyslogSender
from mememime_proxy.settings.settings import load

KEYS = {"MEMEMIME_ALLOW_UNSIGNED": "1"}


@pytest.fixture
def udp():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(30)
        yield server


def test_lines_from_their_level_on_reach_a_server_over_udp(udp):
    sender = SyslogSender("udp", udp.getsockname(), "pictures", logging.WARNING)
    sender.send(logging.INFO, "not this one")
    sender.send(logging.WARNING, "first 100 %s")
    sender.send(logging.ERROR, "second")
    assert udp.recv(1000) == b"<28>pictures: first 100 %s\0"  # daemon.warning
    assert udp.recv(1000) == b"<27>pictures: second\0"
    sender.close()


def test_lines_reach_a_server_over_tcp_after_it_came_back(monkeypatch):
    monkeypatch.setattr(syslog, "_PAUSE", 0.01)
    with socket.create_server(("127.0.0.1", 0)) as place:
        address = place.getsockname()
    sender = SyslogSender("tcp", address, "x", logging.INFO)
    sender.send(logging.INFO, "perhaps lost")
    with socket.create_server(address) as server:
        server.settimeout(30)
        received = b""
        stop = threading.Event()

        def send():
            while not stop.wait(0.01):
                sender.send(logging.INFO, "line")

        thread = threading.Thread(target=send)
        thread.start()
        try:
            connection, _ = server.accept()
            with connection:
                connection.settimeout(30)
                while received.count(b"\n") < 2:
                    received += connection.recv(1000)
        finally:
            stop.set()
            thread.join()
    assert set(received.splitlines()) <= {b"<30>x: line", b"<30>x: perhaps lost"}
    sender.close()


def test_server_that_is_away_loses_lines_and_blocks_nobody(tmp_path, monkeypatch):
    monkeypatch.setattr(syslog, "_QUEUE", 10)
    sender = SyslogSender("", str(tmp_path / "missing"), "x", logging.INFO)
    for number in range(1000):
        sender.send(logging.INFO, str(number))
    sender.close()
    assert not sender._thread.is_alive()


def test_log_and_records_of_libraries_are_sent(udp, capsys):
    before, handlers = structlog.get_config(), logging.getLogger().handlers[:]
    address = "{}:{}".format(*udp.getsockname())
    settings = load(KEYS | {"IMGPROXY_SYSLOG_ENABLE": "1", "IMGPROXY_SYSLOG_NETWORK": "UDP",
                            "IMGPROXY_SYSLOG_ADDRESS": address, "MEMEMIME_LOG_FORMAT": "json"})  # fmt: skip
    try:
        logs.configure(settings)
        logs.logger().info("service.started", port=1)
        logging.getLogger("aiohttp").error("a library's")
        first, second = udp.recv(1000), udp.recv(1000)
    finally:
        structlog.configure(**before)
        logging.basicConfig(handlers=handlers, force=True)
    assert first.startswith(b"<30>mememime: {")
    assert b'"event": "service.started"' in first
    assert second.startswith(b"<27>mememime: {")
    assert capsys.readouterr().err.count("service.started") == 1


@pytest.mark.parametrize("address", ["", "host", ":514", "host:70000"])
def test_wrong_address_is_named(address):
    variables = {"IMGPROXY_SYSLOG_ENABLE": "1", "IMGPROXY_SYSLOG_NETWORK": "udp", "IMGPROXY_SYSLOG_ADDRESS": address}
    with pytest.raises(SettingsError, match="_SYSLOG_ADDRESS: found"):
        logs.configure(load(KEYS | variables))
