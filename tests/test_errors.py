import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

import mememime_proxy
from mememime_proxy import errors
from mememime_proxy.errors import (
    MememimeError,
    SourceNotFoundError,
    SourceStatusError,
    error_classes,
    error_from_code,
    reference,
)

ROOT = Path(__file__).parents[1]


def descendants(root):
    for child in root.__subclasses__():
        yield child
        yield from descendants(child)


def of_package():
    """All error classes of the package, with those that its other modules define for themselves."""
    for module in pkgutil.walk_packages(mememime_proxy.__path__, "mememime_proxy."):
        if not module.name.endswith("__main__") and ".migrations." not in module.name:
            importlib.import_module(module.name)
    return [cls for cls in descendants(MememimeError) if cls.__module__.startswith("mememime_proxy.")]


def test_drawing_of_the_package_names_each_class_with_status_and_code():
    drawn = re.findall(r"^[ │├└─]*(\w+Error) +(\w+) +(\S+)$", errors.__doc__, re.MULTILINE)
    assert sorted(drawn) == sorted(
        (cls.__name__, "any" if cls is SourceStatusError else str(cls.status), code)
        for code, cls in error_classes().items()
    )


def test_codes_are_unique_and_public_classes_have_their_own():
    public = [cls for cls in [MememimeError, *of_package()] if not cls.__name__.startswith("_")]
    assert {cls.code: cls for cls in public} == error_classes()
    assert len(public) == len(error_classes())
    for cls in of_package():
        assert ("code" in cls.__dict__) != cls.__name__.startswith("_"), f"{cls.__name__} hides or lacks a code"


@pytest.mark.parametrize("code", error_classes())
def test_code_is_lower_case_noun_and_condition(code):
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*", code)


def test_second_class_with_a_code_is_rejected():
    with pytest.raises(TypeError, match="same code"):
        type("CopiedError", (MememimeError,), {"code": "source.timeout"})


@pytest.mark.parametrize(("code", "cls"), error_classes().items())
def test_error_from_code_has_the_class_and_detail(code, cls):
    error = error_from_code(code, "secret")
    assert type(error) is cls
    assert error.detail == "secret"


def test_error_from_unknown_code_is_none():
    assert error_from_code("SourceTimeoutError", "") is None


@pytest.mark.parametrize("cls", error_classes().values(), ids=error_classes())
def test_error_has_status_texts_and_type(cls):
    error = cls("secret")
    assert 400 <= error.status <= 599
    assert error.public
    assert "secret" not in error.public
    assert cls.kind in {
        "timeout", "image_data_size", "path_parsing", "security", "queue", "download", "processing", "IO", "request",
        "unexpected",
    }  # fmt: skip
    assert inspect.getdoc(cls) != inspect.getdoc(cls.__mro__[1])
    assert cls is MememimeError or "remedy" in cls.__dict__
    assert cls.type_uri() == f"https://mememime.dev/errors/{cls.code}"


@pytest.mark.parametrize(
    ("upstream", "status"), [(404, 404), (410, 410), (403, 403), (500, 502), (503, 502), (204, 404), (301, 404)]
)
def test_status_of_a_source_is_passed_on_or_becomes_a_gateways(upstream, status):
    error = errors.source_status_error(upstream)
    assert (error.upstream, error.status) == (upstream, status)
    assert isinstance(error, SourceNotFoundError) == (upstream == 404)


def test_errors_page_is_the_one_that_make_docs_writes():
    assert (ROOT / "docs" / "errors.md").read_text("utf-8") == reference.page(), "run: make docs"


@pytest.mark.parametrize("cls", error_classes().values(), ids=error_classes())
def test_errors_page_has_an_anchor_for_the_code(cls):
    page, _, anchor = cls.doc_anchor().partition("#")
    assert f'<a id="{anchor}"></a>' in (ROOT / page).read_text("utf-8")
