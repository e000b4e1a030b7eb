"""Who counts against MAX_CLIENTS: work does, and waiting for another one's render does not (H11)."""

import contextlib

import pytest

from mememime_proxy.errors import OverloadError
from mememime_proxy.proxy.http.clients import WAITING_CLIENTS, Clients

LIMIT = 10


def test_h11_work_is_counted_against_the_limit_and_waiting_is_not():
    clients = Clients(lambda: LIMIT)
    with contextlib.ExitStack() as waits:
        for number in range(2 * LIMIT):
            clients.in_progress += 1
            clients.check()
            waits.enter_context(clients.wait(number))
        for _ in range(LIMIT):
            clients.in_progress += 1
            clients.check()
        clients.in_progress += 1
        with pytest.raises(OverloadError, match=f"{LIMIT + 1} requests are in progress"):
            clients.check()
    assert clients.waiting == 0


def test_h11_waiting_is_bounded_for_one_render_and_for_all():
    clients = Clients(lambda: LIMIT)
    with contextlib.ExitStack() as waits:
        for number in range(WAITING_CLIENTS * LIMIT // 2):
            waits.enter_context(clients.wait(number))
        with pytest.raises(OverloadError), clients.wait(WAITING_CLIENTS * LIMIT // 2):
            pass
        for number in range(WAITING_CLIENTS * LIMIT // 2):
            waits.enter_context(clients.wait(number))
        with pytest.raises(OverloadError), clients.wait(0):
            pass
    assert clients.waiting == 0


def test_no_limit_is_none():
    clients = Clients(lambda: 0)
    clients.in_progress = 1_000_000
    clients.check()
    with contextlib.ExitStack() as waits:
        for number in range(1000):
            waits.enter_context(clients.wait(number))
