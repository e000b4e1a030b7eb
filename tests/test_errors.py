import inspect

import pytest

from mememime_proxy import errors


def test_the_drawing_names_every_class_and_no_other():
    drawn = {word for word in errors.__doc__.replace("─", " ").split() if word.endswith("Error")}
    assert drawn == set(errors.subclasses())


@pytest.mark.parametrize("name", errors.subclasses())
def test_every_error_has_status_text_kind_and_meaning(name):
    kind = errors.subclasses()[name]
    error = kind(500, "secret") if name == "SourceStatusError" else kind("secret")
    assert 400 <= error.status <= 599
    assert error.public
    assert "secret" not in error.public
    assert error.detail == "secret"
    assert kind.kind
    assert inspect.getdoc(kind)
    assert kind.doc_anchor().endswith(name.lower())


@pytest.mark.parametrize(
    ("upstream", "status"), [(404, 404), (403, 403), (500, 502), (503, 502), (204, 404), (301, 404)]
)
def test_a_sources_status_is_passed_on_or_becomes_a_gateways(upstream, status):
    assert errors.SourceStatusError(upstream).status == status
