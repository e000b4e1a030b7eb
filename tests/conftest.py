"""Settings of all property tests; the level of the log is each test's own; sockets know who opened them."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from mememime_proxy.service import logs
from tests.support.ports import reserve_port
from tests.support.scheduling_class import give_up_real_time
from tests.support.socket_origins import record_origins

record_origins()
give_up_real_time()

# Machines are noisy: no example fails because it took long. In CI, Hypothesis' own profile is the parent.
settings.register_profile("untimed", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def log_level() -> Iterator[None]:
    """Take back the level that a test has set."""
    before = logs._Threshold.level
    yield
    logs._Threshold.level = before


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port of 127.0.0.1 on which nobody listens, and which nobody else is given meanwhile."""
    with reserve_port() as port:
        yield port
