"""Names of files by a template."""

import pytest

from mememime_proxy.batch.model import BatchItem
from mememime_proxy.batch.rendering.naming import FileNames
from mememime_proxy.errors import BatchUsageError

KEY = bytes(range(16))


@pytest.mark.parametrize(
    ("template", "item", "name"),
    [
        ("", BatchItem("alias://shop/cup", name="shop/cup"), "shop/cup/card.webp"),
        ("", BatchItem("https://example.com/a%20b/c.d.jpg?x=1"), "example.com/a b/c.d/card.webp"),
        ("{alias}-{preset}.{ext}", BatchItem("asset://00", name="00"), "00-card.webp"),
        ("{stem}/{key}.{ext}", BatchItem("local:///x/y.png"), f"y/{KEY.hex()}.webp"),
        ("../{path}/./{preset}.{ext}", BatchItem("local:///../x/y.png"), "x/y/card.webp"),
    ],
)
def test_name_is_made_by_the_template(template, item, name):
    assert FileNames(template).name(item, "card", "webp", KEY) == name


@pytest.mark.parametrize("template", ["{none}/{preset}", "{path", "all.webp", "{preset}.{ext}", "{path}"])
def test_template_that_cannot_tell_variants_apart_is_refused(template):
    with pytest.raises(BatchUsageError, match="--template"):
        FileNames(template)
