from __future__ import annotations

import pytest

from mememime_proxy.errors import SettingsError, SourceForbiddenError
from mememime_proxy.urls.source.rewriting import AllowedSources, SourceRules, parse_replacements


@pytest.mark.parametrize(
    ("rules", "url", "rewritten"),
    [
        ("", "http://a/b", "http://a/b"),
        ("mys3://=s3://my_bucket/images/", "mys3://image.jpg", "s3://my_bucket/images/image.jpg"),
        ("mys3://*/=s3://${1}/images/", "mys3://b/image.jpg", "s3://b/images/image.jpg"),
        (
            "test://*/=test2://images.dev/${1}/dolor/;test2://=http://",
            "test://lorem/ipsum.jpg?p=v",
            "http://images.dev/lorem/dolor/ipsum.jpg?p=v",
        ),
        ("a://=b://", "http://a://", "http://a://"),
        ("a.b=x", "aXb", "aXb"),
        ("a*=$1-$$-${1}-${2}-$0-$", "abc", "bc-$-bc--abc-$"),
        ("a*=$1x", "abc", ""),  # the name is `1x`, as in Go
        ("a*=${1}x${name}", "abc", "bcx"),
        ("a=b=c", "a", "b=c"),
        ("a*=${99999999999999999999}", "ab", ""),
    ],
)
def test_rewriting_replacements_rule_list_rewrites_in_order(rules, url, rewritten):
    assert SourceRules(replacements=rules).rewrite(url) == rewritten


def test_rewriting_replacements_rule_without_equals_sign_is_refused():
    with pytest.raises(SettingsError, match="pattern=replacement"):
        parse_replacements("a=b;c")


def test_rewriting_base_url_missing_is_put_in_front():
    rules = SourceRules(base_url="http://a/")
    assert rules.rewrite("cat.jpg") == "http://a/cat.jpg"
    assert rules.rewrite("http://a/cat.jpg") == "http://a/cat.jpg"
    assert SourceRules(replacements="/=x", base_url="local:///").rewrite("/cat.jpg") == "local:///xcat.jpg"


def test_rewriting_rules_forbidden_source_is_refused_after_rewriting():
    rules = SourceRules(replacements="mine://=local:///", allowed=("local:///public/",))
    assert rules.apply("mine://public/x") == "local:///public/x"
    with pytest.raises(SourceForbiddenError):
        rules.apply("mine://private/x")


def test_rewriting_allowed_sources_other_prefix_is_refused():
    allowed = AllowedSources(["https://example.com/", "local:///public/*/x"])
    allowed.check("https://example.com/a")
    allowed.check("local:///public/a/xyz")
    for refused in ("http://example.com/a", "local:///private", "HTTPS://example.com/a"):
        with pytest.raises(SourceForbiddenError):
            allowed.check(refused)
    AllowedSources(()).check("anything")
