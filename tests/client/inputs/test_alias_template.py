from datetime import datetime

import pytest

from mememime_proxy.client.errors import FileError
from mememime_proxy.client.inputs.alias_template import FileFacts, Template

FACTS = FileFacts(
    path="shoes/Red/Front View.JPG", sha256="0123456789abcdef" * 4, date_taken=datetime(2024, 5, 6, 7, 8, 9)
)


@pytest.mark.parametrize(
    ("template", "alias"),
    [
        ("{path}", "shoes/Red/Front View"),
        ("products/{folder}/{stem}", "products/shoes/Red/Front View"),
        ("{name}", "Front View.JPG"),
        ("{stem}-{ext}", "Front View-jpg"),
        ("by-hash/{sha256:8}", "by-hash/01234567"),
        ("{sha256}", "0123456789abcdef" * 4),
        ("{exif:%Y/%m/%d}/{stem}", "2024/05/06/Front View"),
        ("{exif}", "2024/05/06"),
        ("{exif:%Y|undated}", "2024"),
        ("fixed", "fixed"),
    ],
)
def test_template_field_is_replaced(template, alias):
    assert Template(template).make_alias(FACTS) == alias


def test_template_missing_value_raises_or_takes_the_default():
    bare = FileFacts(path="x")
    assert Template("a/{folder}/{stem}.{ext}").make_alias(bare) == "a/x."
    assert Template("{exif:%Y|undated}/{stem}").make_alias(bare) == "undated/x"
    assert Template("/{folder|top}/{stem}/").make_alias(bare) == "top/x"
    with pytest.raises(FileError, match="no exif date"):
        Template("{exif:%Y}/{stem}").make_alias(bare)
    with pytest.raises(FileError, match="empty alias"):
        Template("{folder}").make_alias(bare)


@pytest.mark.parametrize("text", ["{pth}", "{path", "path}", "{}", "{path:x}", "{sha256:x}", "{sha256:0}", "{Path}"])
def test_template_invalid_text_raises_value_error(text):
    with pytest.raises(ValueError, match=r"expected|argument"):
        Template(text)


def test_template_with_a_date_needs_the_file():
    assert Template("{exif:%Y|x}").needs_date
    assert not Template("{path}").needs_date
