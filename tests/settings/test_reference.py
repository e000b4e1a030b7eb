import pytest

from mememime_proxy.settings import reference
from mememime_proxy.settings.environment import variable
from mememime_proxy.settings.settings import Settings


def test_settings_page_is_the_one_that_make_docs_writes():
    assert reference.PATH.read_text("utf-8") == reference.page(), "run: make docs"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_setting_has_a_row_with_its_meaning(name):
    info = Settings.model_fields[name]
    assert reference.section(info)
    assert info.description.endswith((".", "`"))
    mark = " ↻" if reference.is_reloadable(info) else ""
    assert f"| `{variable(name)}`{mark} |" in reference.page()
