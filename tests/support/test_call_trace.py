import pytest

from mememime_proxy.formats import by_name
from mememime_proxy.plan import Padding
from tests.support import get_trace
from tests.support.call_trace import CallTrace, room_of


def test_trace_counts_modules_and_changes_of_own_calls():
    with CallTrace() as calls:
        by_name("jpg")
        by_name("png")
        bool(Padding())
    assert dict(calls.modules) == {"mememime_proxy.formats.__init__": 2, "mememime_proxy.plan": 1}
    assert calls.changes == 1
    assert [call.function for call in calls.calls] == ["by_name", "by_name", "Padding.__bool__"]


@pytest.mark.parametrize(
    ("module", "room"),
    [
        ("mememime_proxy.plan", ""),
        ("mememime_proxy.formats.sniff", ""),
        ("mememime_proxy.proxy.app", "proxy"),
        ("mememime_proxy.proxy.http.routes", "proxy/http"),
        ("mememime_proxy.urls.options.size", "urls"),
        ("mememime_proxy.service.server", "service/server"),
    ],
)
def test_room_of_a_module_is_its_folder(module, room):
    assert room_of(module) == room


async def test_get_of_an_original_in_s3_stays_in_few_modules_and_enters_each_room_from_outside():
    """The figures that docs/architecture.md names. 51 modules and 142 changes were the first ones measured."""
    calls = await get_trace.trace()
    assert len(calls.modules) <= 70, calls.report()
    assert calls.changes <= 216, calls.report()
    assert calls.reentries == []
