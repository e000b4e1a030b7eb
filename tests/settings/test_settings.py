import os
from datetime import UTC, datetime

import pytest

from mememime_proxy.errors import SettingsError
from mememime_proxy.settings import cpus
from mememime_proxy.settings.environment import unknown_variables, variable, with_file
from mememime_proxy.settings.groups.autoquality import ineffective
from mememime_proxy.settings.settings import Settings, load

KEYS = {"MEMEMIME_KEY": "aa", "MEMEMIME_SALT": "bb"}


def test_load_without_keys_is_an_error():
    with pytest.raises(SettingsError, match=r"MEMEMIME_KEY.*found nothing.*expected.*MEMEMIME_ALLOW_UNSIGNED"):
        load({})


def test_load_allow_unsigned_needs_no_keys():
    assert load({"MEMEMIME_ALLOW_UNSIGNED": "1"}).allow_unsigned


def test_load_key_without_salt_is_an_error():
    with pytest.raises(SettingsError, match="2 keys and 1 salts"):
        load({"MEMEMIME_KEY": "aa,bb", "MEMEMIME_SALT": "cc"})


def test_load_imgproxy_variable_is_read_where_ours_is_not_set():
    settings = load({"IMGPROXY_KEY": "0a", "IMGPROXY_SALT": "0b", "IMGPROXY_QUALITY": "70", "MEMEMIME_QUALITY": "60"})
    assert settings.key == (b"\x0a",)
    assert settings.quality == 60


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("QUALITY", "101", "a whole number, 1 or more and at most 100"),
        ("QUALITY", "a", "a whole number"),
        ("TIMEOUT", "5s", "a whole number of seconds"),
        ("AUTO_WEBP", "yes", "true or false"),
        ("FORMAT_QUALITY", "webp", "format=quality pairs"),
        ("FORMAT_QUALITY", "webp=200", "format=quality pairs"),
        ("PREFERRED_FORMATS", "jpeg,word", "format names"),
        ("WEBP_PRESET", "fast", "one of default, photo"),
        ("MAX_SRC_RESOLUTION", "0", "more than 0"),
        ("LAST_MODIFIED_BUSTER", "2020-01-01T00:00:00", "RFC 3339"),
        ("WATERMARK_DATA", "%%%", "base64"),
        ("NETWORK", "udp", "one of tcp"),
    ],
)
def test_load_invalid_value_names_variable_and_expectation(name, value, expected):
    with pytest.raises(SettingsError) as caught:
        load(KEYS | {f"IMGPROXY_{name}": value})
    assert f"IMGPROXY_{name}: found {value!r}, expected " in caught.value.detail
    assert expected in caught.value.detail


def test_load_several_invalid_values_are_one_error_without_keys():
    with pytest.raises(SettingsError) as caught:
        load({"MEMEMIME_KEY": "topsecret", "MEMEMIME_SALT": "bb", "MEMEMIME_TTL": "-1"})
    assert len(caught.value.detail.splitlines()) == 2
    assert "topsecret" not in caught.value.detail


def test_load_syntax_of_imgproxy_is_accepted():
    settings = load(
        KEYS
        | {
            "IMGPROXY_MAX_SRC_RESOLUTION": "16.8",
            "IMGPROXY_FORMAT_QUALITY": "jpeg=70,avif=50",
            "IMGPROXY_PREFERRED_FORMATS": "jpg,png",
            "IMGPROXY_AUTO_AVIF": "T",
            "IMGPROXY_LAST_MODIFIED_BUSTER": "2024-01-02T03:04:05Z",
            "IMGPROXY_TRUSTED_SIGNATURES": "one, two",
            "IMGPROXY_WATERMARK_DATA": "aGk",
            "IMGPROXY_WORKER_MAX_MEMORY": "3",
        }
    )
    assert settings.max_src_resolution == 16_800_000
    assert settings.format_quality == {"webp": 79, "avif": 50, "jxl": 77, "jpeg": 70}
    assert settings.preferred_formats == ("jpeg", "png")
    assert settings.auto_avif
    assert settings.last_modified_buster == datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert settings.trusted_signatures == ("one", "two")
    assert settings.watermark_data == b"hi"
    assert settings.worker_max_memory == 3 << 20


def test_load_empty_value_is_unset_unless_it_has_a_meaning():
    settings = load(KEYS | {"MEMEMIME_QUALITY": "", "MEMEMIME_SOURCE_URL_QUERY_SEPARATOR": ""})
    assert settings.quality == 80
    assert settings.source_url_query_separator == ""


def test_load_port_is_the_default_of_bind():
    assert load(KEYS | {"PORT": "9000"}).bind == ":9000"
    assert load(KEYS | {"PORT": "9000", "MEMEMIME_BIND": ":1"}).bind == ":1"


def test_load_environment_wins_over_the_file(tmp_path):
    path = tmp_path / "imgproxy.env"
    path.write_text("# imgproxy\nIMGPROXY_KEY=aa\nIMGPROXY_SALT=bb\nIMGPROXY_QUALITY=55\n")
    assert load({"IMGPROXY_ENV_LOCAL_FILE_PATH": str(path)}).quality == 55
    assert load({"IMGPROXY_QUALITY": "66"}, str(path)).quality == 66
    with pytest.raises(SettingsError, match="ENV_LOCAL_FILE_PATH"):
        with_file({}, str(tmp_path / "missing"))


def test_unknown_variables_have_the_most_similar_name():
    found = unknown_variables(
        Settings, {"MEMEMIME_QUALTY": "1", "IMGPROXY_NEW_RELIC_KEY": "1", "HOME": "/", "MEMEMIME_KEY": "aa"}
    )
    assert found == {"MEMEMIME_QUALTY": "MEMEMIME_QUALITY", "IMGPROXY_NEW_RELIC_KEY": ""}


def test_queue_limit_is_always_bounded():
    assert load(KEYS | {"MEMEMIME_REQUESTS_QUEUE_SIZE": "0"}).queue_limit == 2048
    assert load(KEYS | {"MEMEMIME_REQUESTS_QUEUE_SIZE": "0", "MEMEMIME_MAX_CLIENTS": "0"}).queue_limit > 0


@pytest.mark.parametrize("name", Settings.model_fields)
def test_setting_has_a_meaning(name):
    info = Settings.model_fields[name]
    assert info.description
    assert info.description.endswith((".", "`."))
    assert variable(name).startswith("MEMEMIME_")


@pytest.mark.parametrize(
    ("limit", "workers"),
    [("max 100000", 8), ("200000 100000", 2), ("250000 100000", 3), ("10000 100000", 1), ("9900000 100000", 8),
     ("", 8), (None, 8)],
)  # fmt: skip
def test_worker_count_follows_the_cpu_limit_of_the_container(monkeypatch, tmp_path, limit, workers):
    quota = tmp_path / "cpu.max"
    if limit is not None:
        quota.write_text(f"{limit}\n")
    monkeypatch.setattr(cpus, "_QUOTA", quota)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(8)))
    assert load(KEYS).worker_count == workers
    assert load(KEYS | {"MEMEMIME_WORKERS": "5"}).worker_count == 5


IMGPROXY_KEYS = {"IMGPROXY_KEY": "aa", "IMGPROXY_SALT": "bb"}


@pytest.mark.parametrize(
    ("variables", "text"),
    [
        ({"IMGPROXY_KEY": "aa,bb"}, "IMGPROXY_KEY, IMGPROXY_SALT: found 2 keys and 1 salts"),
        (
            {"IMGPROXY_SOURCE_URL_ENCRYPTION_KEY": "aa"},
            "IMGPROXY_SOURCE_URL_ENCRYPTION_KEY: found 1 bytes, expected 16",
        ),
        ({"IMGPROXY_FALLBACK_IMAGE_HTTP_CODE": "99"}, "IMGPROXY_FALLBACK_IMAGE_HTTP_CODE: found 99"),
        (
            {"IMGPROXY_CACHE_TAGS_FORMAT": "none", "MEMEMIME_NGINX_CACHE_PATH": "/x"},
            "IMGPROXY_CACHE_TAGS_FORMAT: found `none`, expected tags, by which MEMEMIME_NGINX_CACHE_PATH",
        ),
        ({"MEMEMIME_PURGE_FEED": "1"}, "MEMEMIME_RESOURCES_URL: found nothing, which MEMEMIME_PURGE_FEED needs"),
    ],
)
def test_contradiction_names_the_variables_as_they_were_given(variables, text):
    with pytest.raises(SettingsError) as caught:
        load(IMGPROXY_KEYS | variables)
    assert text in caught.value.detail


def test_encoder_that_is_not_installed_is_refused_at_start(monkeypatch):
    variables = IMGPROXY_KEYS | {"MEMEMIME_JPEG_ENCODER": "jpegli"}
    assert load(variables).jpeg_encoder == "jpegli"
    monkeypatch.setattr("mememime_proxy.settings.contradictions.has_jpegli", lambda: False)
    with pytest.raises(SettingsError, match=r"MEMEMIME_JPEG_ENCODER: .*needs the extra 'jpegli'.*pip install"):
        load(variables)
    load(IMGPROXY_KEYS)


def test_manifests_need_their_library_and_their_files(monkeypatch):
    files = {"MEMEMIME_C2PA_CERTIFICATE": "/a", "MEMEMIME_C2PA_PRIVATE_KEY": "/b"}
    variables = IMGPROXY_KEYS | {"MEMEMIME_C2PA": "keep"} | files
    assert load(variables).c2pa == "keep"
    with pytest.raises(SettingsError, match="MEMEMIME_C2PA_PRIVATE_KEY: found nothing, which"):
        load(variables | {"MEMEMIME_C2PA_PRIVATE_KEY": ""})
    monkeypatch.setattr("mememime_proxy.settings.contradictions.has_c2pa", lambda: False)
    with pytest.raises(SettingsError, match=r"MEMEMIME_C2PA: .*needs the extra 'c2pa'"):
        load(variables)
    load(IMGPROXY_KEYS)


def test_search_for_a_quality_that_is_not_installed_is_refused_at_start(monkeypatch):
    variables = IMGPROXY_KEYS | {"IMGPROXY_AUTOQUALITY_METHOD": "SSIM2", "IMGPROXY_AUTOQUALITY_FORMAT_MIN": "avif=50"}
    settings = load(variables)
    assert (settings.autoquality_method, settings.autoquality_format_min) == ("ssim2", {"avif": 50})
    assert list(ineffective(settings)) == []
    monkeypatch.setattr("mememime_proxy.settings.contradictions.has_metrics", lambda: False)
    with pytest.raises(SettingsError, match=r"IMGPROXY_AUTOQUALITY_METHOD: .*needs the extra 'autoquality'"):
        load(variables)
    load(IMGPROXY_KEYS)


@pytest.mark.parametrize("net", ["jpeg", "webp", "avif", "jxl"])
def test_nets_of_imgproxy_are_read_and_have_no_effect(net):
    settings = load(IMGPROXY_KEYS | {f"IMGPROXY_AUTOQUALITY_{net.upper()}_NET": "/net"})
    assert [name for name, _ in ineffective(settings)] == [f"IMGPROXY_AUTOQUALITY_{net.upper()}_NET"]


def test_all_contradictions_are_one_error():
    with pytest.raises(SettingsError) as caught:
        load(IMGPROXY_KEYS | {"IMGPROXY_SOURCE_URL_ENCRYPTION_KEY": "aa", "IMGPROXY_FALLBACK_IMAGE_HTTP_CODE": "99"})
    assert len(caught.value.detail.splitlines()) == 2


def test_text_of_another_part_gets_the_names_as_given():
    settings = load(IMGPROXY_KEYS | {"IMGPROXY_LOCAL_FILESYSTEM_ROOT": "/x"})
    text = "MEMEMIME_LOCAL_FILESYSTEM_ROOT: found '/x'; MEMEMIME_LOCAL_FILESYSTEM_ROOTS, MEMEMIME_TTL"
    assert settings.with_names_as_set(text) == (
        "IMGPROXY_LOCAL_FILESYSTEM_ROOT: found '/x'; MEMEMIME_LOCAL_FILESYSTEM_ROOTS, MEMEMIME_TTL"
    )
