import pytest
from multidict import CIMultiDict

from mememime_proxy.formats.output_rules import FormatPreference
from mememime_proxy.plan import Plan
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
def test_accept_header_accepts_formats_that_it_names_and_does_not_refuse(accept, expected):
    assert {name for name in ("jxl", "avif", "webp") if accepts(accept, name)} == expected


@pytest.mark.parametrize("accept", ["image/webp;" + "a;" * 4000, "image/webp;q=" + "0" * 8000, "image/avif " * 800])
def test_accept_header_that_is_long_is_read_in_linear_time(accept):
    assert not accepts(accept + "q=0", "avif")


def test_negotiation_without_settings_changes_nothing():
    unset = negotiation()
    assert unset.vary == ""
    assert unset.apply(Plan(), CIMultiDict({"Accept": CHROME, "DPR": "2"})) == Plan()


def test_auto_setting_prefers_a_format_and_enforce_setting_enforces_it():
    plan = negotiation(auto_webp="1", enforce_avif="1").apply(Plan(), CIMultiDict({"Accept": CHROME}))
    assert plan.preference == FormatPreference(prefer_webp=True, prefer_avif=True, enforce_avif=True)


def test_format_that_a_client_refuses_is_not_preferred():
    plan = negotiation(auto_webp="1").apply(Plan(), CIMultiDict({"Accept": "image/webp;q=0,*/*"}))
    assert plan.preference == FormatPreference()


def test_vary_names_the_headers_of_the_negotiation():
    assert negotiation(auto_jxl="1").vary == "Accept"
    both = negotiation(auto_jxl="1", enable_client_hints="1").vary
    assert both == "Accept, Sec-CH-DPR, DPR, Sec-CH-Width, Width"


def test_vary_of_a_plan_with_format_names_only_headers_that_count():
    auto, enforced = negotiation(auto_avif="1", enable_client_hints="1"), negotiation(enforce_avif="1")
    named, open_ = Plan(format="webp"), Plan()
    assert (auto.vary_of(open_), auto.vary_of(named)) == (auto.vary, auto.vary.removeprefix("Accept, "))
    assert auto.vary_of(Plan(best=True)) == auto.vary
    assert enforced.vary_of(named) == enforced.vary_of(open_) == "Accept"

    def normalized(negotiation_, plan):
        return negotiation_.normalize(negotiation_.apply(plan, CIMultiDict(Accept=CHROME)))

    assert normalized(auto, named) == named
    assert normalized(auto, open_).preference == FormatPreference(prefer_avif=True)
    assert normalized(enforced, named).preference.enforce_avif


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
def test_client_hints_set_width_and_dpr(headers, dpr, width):
    plan = negotiation(enable_client_hints="1").apply(Plan(), CIMultiDict(headers))
    assert (plan.dpr, plan.width) == (dpr, width)
