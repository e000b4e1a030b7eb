"""Values of settings: what is read, and what a refused one is told (I12, and the texts of wrong settings)."""

import pytest

from mememime_proxy.errors import SettingsError
from mememime_proxy.settings.settings import load

KEYS = {"MEMEMIME_KEY": "aa", "MEMEMIME_SALT": "bb"}


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("NETWORK", "TCP", "network", "tcp"),
        ("NETWORK", "Unix", "network", "unix"),
        ("LOG_LEVEL", "Info", "log_level", "info"),
        ("LOG_FORMAT", "JSON", "log_format", "json"),
        ("WEBP_PRESET", "Photo", "webp_preset", "photo"),
        ("CACHE_TAGS_FORMAT", "CloudFront", "cache_tags_format", "cloudfront"),
        ("AUTO_WEBP", "tRUE", "auto_webp", True),
        ("USE_ETAG", "FALSE", "use_etag", False),
        ("PREFERRED_FORMATS", "JPG, WebP", "preferred_formats", ("jpeg", "webp")),
        ("FORMAT_QUALITY", "JPEG=50", "format_quality", {"webp": 79, "avif": 63, "jxl": 77, "jpeg": 50}),
    ],
)
def test_i12_words_are_read_in_any_case(name, value, field, expected):
    assert getattr(load(KEYS | {f"IMGPROXY_{name}": value}), field) == expected


@pytest.mark.parametrize("blank", ["", " ", "\t", " \n"])
def test_i12_blank_value_is_unset(blank):
    names = ("QUALITY", "AUTO_WEBP", "NETWORK", "SECRET", "PRESETS_PATH", "LAST_MODIFIED_BUSTER", "BIND")
    settings = load(KEYS | {f"IMGPROXY_{name}": blank for name in names})
    assert settings == load(KEYS)


def test_i12_blank_value_of_ours_gives_way_to_the_other_prefix():
    assert load(KEYS | {"MEMEMIME_QUALITY": " ", "IMGPROXY_QUALITY": "70"}).quality == 70


def test_i12_white_space_around_a_value_does_not_count():
    settings = load({"MEMEMIME_KEY": "aa\n", "MEMEMIME_SALT": " bb , cc ", "MEMEMIME_KEY ": "", "MEMEMIME_TTL": " 5 "} |
                    {"MEMEMIME_KEY": " aa,dd\n"})  # fmt: skip
    assert (settings.key, settings.salt, settings.ttl) == ((b"\xaa", b"\xdd"), (b"\xbb", b"\xcc"), 5)


def test_i12_white_space_of_a_separator_counts():
    settings = load(KEYS | {"MEMEMIME_PRESETS_SEPARATOR": "\n", "MEMEMIME_SOURCE_URL_QUERY_SEPARATOR": ""})
    assert (settings.presets_separator, settings.source_url_query_separator) == ("\n", "")


@pytest.mark.parametrize(
    ("name", "field"), [("ETAG_ENABLED", "use_etag"), ("LAST_MODIFIED_ENABLED", "use_last_modified")]
)
def test_i12_names_that_released_versions_read_are_read(name, field):
    assert getattr(load(KEYS), field)
    assert not getattr(load(KEYS | {f"IMGPROXY_{name}": "0"}), field)


def test_i5_format_quality_adds_to_the_defaults():
    def quality(value):
        return load(KEYS | {"MEMEMIME_FORMAT_QUALITY": value}).format_quality

    defaults = load(KEYS).format_quality
    assert quality("jpeg=50") == defaults | {"jpeg": 50}
    assert quality("avif=40, webp=0") == defaults | {"avif": 40, "webp": 0}
    assert load(KEYS).format_quality == defaults


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("KEY", "abc", "3 digits are an odd number"),
        ("KEY", '"aabb"', "remove the quotation marks"),
        ("KEY", "'aabb'", "remove the quotation marks"),
        ("SALT", "aabb,aaxb", "key 2 of 2: character 3 of 4 is no hexadecimal digit"),
        ("KEY", "aa\nbb", "character 3 of 5 is no hexadecimal digit"),
        ("PURGE_KEY", "0xaa", "character 2 of 4 is no hexadecimal digit"),
        ("SOURCE_URL_ENCRYPTION_KEY", "a" * 33, "33 digits are an odd number"),
        ("SECRET", "a\nb", "a line break"),
        ("ADMIN_API_KEY", "a" * 32 + "\n" + "b", "a line break"),
        ("QUALITY", '"80"', "remove the quotation marks"),
        ("AUTO_WEBP", "'true'", "remove the quotation marks"),
        ("PREFERRED_FORMATS", "jpeg,word", "'word' is no format"),
        ("FORMAT_QUALITY", "webp=80,word=1", "'word=1' names no format"),
        ("FORMAT_QUALITY", "webp=800", "'webp=800' has no quality from 0 to 100"),
        ("LAST_MODIFIED_BUSTER", "2020-01-01T00:00:00", "append Z for UTC"),
    ],
)
@pytest.mark.parametrize("prefix", ["MEMEMIME_", "IMGPROXY_"])
def test_wrong_value_says_what_is_wrong_and_names_the_variable_as_it_was_given(prefix, name, value, hint):
    with pytest.raises(SettingsError) as caught:
        load({"MEMEMIME_ALLOW_UNSIGNED": "1", prefix + name: value})
    assert caught.value.detail.startswith(f"{prefix}{name}: found ")
    assert hint in caught.value.detail


def test_wrong_value_of_a_secret_is_not_repeated():
    with pytest.raises(SettingsError) as caught:
        load({"IMGPROXY_KEY": "secretvalue", "IMGPROXY_SALT": '"bbccddee"', "IMGPROXY_SECRET": "hidden\nword"})
    assert not any(part in caught.value.detail for part in ("secretvalue", "bbcc", "hidden", "word"))
