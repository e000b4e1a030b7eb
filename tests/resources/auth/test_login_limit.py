"""Wrong logins: ten within a minute from one address, and then none."""

import pytest

from mememime_proxy.errors import RateError
from mememime_proxy.resources.auth.login_limit import MOST, WINDOW, LoginLimit


def test_eleventh_login_within_the_window_waits():
    now = [0.0]
    limit = LoginLimit(lambda: now[0])
    for _ in range(MOST):
        limit.check("10.0.0.1")
        limit.count("10.0.0.1")
        now[0] += 1
    with pytest.raises(RateError) as refused:
        limit.check("10.0.0.1")
    assert refused.value.retry_after == WINDOW - MOST
    limit.check("10.0.0.2")
    now[0] = WINDOW
    limit.check("10.0.0.1")
    limit.count("10.0.0.1")
    with pytest.raises(RateError):
        limit.check("10.0.0.1")
