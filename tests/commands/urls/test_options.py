"""`mememime options`: all of the table, and what a form needs of each argument."""

import json

from mememime_proxy.urls.options.arguments import Argument
from mememime_proxy.urls.options.table import OPTIONS
from tests.support.commands import invoke


def test_json_has_all_options_in_the_order_of_the_table():
    found = json.loads(invoke("options", "--json").output)
    assert [each["name"] for each in found] == [option.name for option in OPTIONS]
    for document, option in zip(found, OPTIONS, strict=True):
        assert document["example"] == option.example
        assert len(document["arguments"]) == len(option.arguments)
        for argument, record in zip(document["arguments"], option.arguments, strict=True):
            assert argument["kind"] != "group" or not isinstance(record, Argument)
            assert argument["kind"] != "choice" or record.type.parse(argument["values"][0]) is not None
            if argument["kind"] in {"integer", "number"}:
                assert argument["minimum"] < argument["maximum"]
    kinds = {argument["kind"] for document in found for argument in document["arguments"]}
    assert kinds == {"flag", "integer", "number", "choice", "color", "format", "text", "group"}


def test_text_has_a_line_for_each_option():
    lines = invoke("options").output.splitlines()
    assert [line.split()[0] for line in lines] == [option.example for option in OPTIONS]
