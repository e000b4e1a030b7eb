import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.client.inputs.slug import slug
from mememime_proxy.service.alias_names import MAX_LENGTH, MAX_PARTS, normalise


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("50% off", "50-off"),
        ("a#b", "a-b"),
        ("Shoes/Front View (2)", "shoes/front-view-2"),
        ("\u00dcn\u00ef c\u00f6d\u00e9/stra\u00dfe", "uni-code/strasse"),
        ("e\u0301te\u0301", "ete"),
        ("e\u0301\u0301\u0301t", "et"),
        ("\u65e5\u672c/\u5199\u771f 1", "\u65e5\u672c/\u5199\u771f-1"),
        ("\u043d\u043e\u0442 \u0439", "\u043d\u043e\u0442-\u0439"),
        ("p\u0430ypal", "paypal"),
        ("caf\udce9", "caf"),
        ("!!!/x", "x"),
        (".hidden/-x-", "hidden/x"),
        ("IMG_0001.v2", "img_0001.v2"),
    ],
)
def test_slug_is_a_name_that_the_service_takes(path, expected):
    assert slug(path) == expected
    assert normalise(slug(path)) == slug(path)


@given(st.text(max_size=60))
def test_slug_of_any_name_is_allowed(name):
    made = slug(name)
    if made and len(made) <= MAX_LENGTH and made.count("/") < MAX_PARTS:
        assert normalise(made) == made
