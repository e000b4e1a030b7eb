import pytest
from multidict import CIMultiDict

from mememime_proxy.plan import FormatPreference, Plan
from mememime_proxy.proxy.http.negotiation import Negotiation, accepts
from mememime_proxy.settings.settings import load

CHROME = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"


def negotiation(**settings: str) -> Negotiation:
    variables = {f"MEMEMIME_{name.upper()}": value for name, value in settings.items()}
    return Negotiation(load({"MEMEMIME_ALLOW_UNSIGNED": "1", **variables}))


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", set()),
        (CHROME, {"avif", "webp"}),
        ("image/*,*/*", set()),
        ("image/webp;q=0", set()),
        ("image/webp;q=0.000,*/*", set()),
        ("image/webp;q=0.0 , image/avif; q=0.1", {"avif"}),
        ("IMAGE/WEBP", {"webp"}),
        ("image/webp;q=x", set()),
        ("image/webp;q=", set()),
        ("image/webp;v=b3;q=0.7", {"webp"}),
        ("image/webp;v=b3; Q = 0", set()),
        ("image/webp-like,ximage/avif,image/jxl2", set()),
        ("text/html,image/jxl\t;q=1.0,", {"jxl"}),
        ("image/webp;q=0,image/webp", {"webp"}),
    ],
)
def test_formats_that_are_named_and_not_refused_are_accepted(accept, expected):
    assert {name for name in ("jxl", "avif", "webp") if accepts(accept, name)} == expected


@pytest.mark.parametrize("accept", ["image/webp;" + "a;" * 4000, "image/webp;q=" + "0" * 8000, "image/avif " * 800])
def test_a_long_header_is_read_at_once(accept):
    assert not accepts(accept + "q=0", "avif")


def test_nothing_is_negotiated_unless_an_operator_wants_it():
    it = negotiation()
    assert it.vary == ""
    assert it.initial(Plan(), CIMultiDict({"Accept": CHROME, "DPR": "2"})) == Plan()


def test_auto_prefers_and_enforce_also_enforces():
    plan = negotiation(auto_webp="1", enforce_avif="1").initial(Plan(), CIMultiDict({"Accept": CHROME}))
    assert plan.preference == FormatPreference(prefer_webp=True, prefer_avif=True, enforce_avif=True)


def test_a_client_that_refuses_a_format_does_not_get_it():
    plan = negotiation(auto_webp="1").initial(Plan(), CIMultiDict({"Accept": "image/webp;q=0,*/*"}))
    assert plan.preference == FormatPreference()


def test_vary_names_what_was_looked_at():
    assert negotiation(auto_jxl="1").vary == "Accept"
    both = negotiation(auto_jxl="1", enable_client_hints="1").vary
    assert both == "Accept, Sec-CH-DPR, DPR, Sec-CH-Width, Width"


def test_a_format_that_is_named_is_the_same_for_all():
    auto, enforced = negotiation(auto_avif="1", enable_client_hints="1"), negotiation(enforce_avif="1")
    named, open_ = Plan(format="webp"), Plan()
    assert (auto.varies(open_), auto.varies(named)) == (auto.vary, auto.vary.removeprefix("Accept, "))
    assert enforced.varies(named) == enforced.varies(open_) == "Accept"

    def settled(it, plan):
        return it.settled(it.initial(plan, CIMultiDict(Accept=CHROME)))

    assert settled(auto, named) == named
    assert settled(auto, open_).preference == FormatPreference(prefer_avif=True)
    assert settled(enforced, named).preference.enforce_avif


@pytest.mark.parametrize(
    ("headers", "dpr", "width"),
    [
        ({"DPR": "2", "Width": "800"}, 2.0, 400),
        ({"Sec-CH-DPR": "3", "DPR": "2"}, 3.0, 0),
        ({"Sec-CH-Width": "300", "Width": "800"}, 1.0, 300),
        ({"DPR": "9", "Width": "800"}, 1.0, 800),
        ({"DPR": "nan", "Width": "-1"}, 1.0, 0),
        ({"DPR": "x", "Width": "inf"}, 1.0, 0),
    ],
)
def test_client_hints_are_defaults_for_width_and_dpr(headers, dpr, width):
    plan = negotiation(enable_client_hints="1").initial(Plan(), CIMultiDict(headers))
    assert (plan.dpr, plan.width) == (dpr, width)
