"""Log lines."""

import structlog
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.service import logs

VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.text(alphabet=' ="\\\na'))


@given(st.dictionaries(st.sampled_from(["request_id", "status", "ms", "source", "detail"]), VALUES), VALUES)
def test_logfmt_line_equals_that_of_structlog(facts, name):
    event = facts | {"event": name, "level": "info", "timestamp": "2026-01-02T03:04:05.678901Z"}
    renderer = structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], bool_as_flag=False)
    assert logs._logfmt(None, "", dict(event)) == renderer(None, "", dict(event))
