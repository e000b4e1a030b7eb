import pytest

from mememime_proxy.errors import SettingsError
from mememime_proxy.settings import sections, settings
from mememime_proxy.settings.sections import storages_config
from mememime_proxy.storage.config import AzureAccount, BucketRule, CacheConfig, GoogleAccount, StoragesConfig
from mememime_proxy.storage.s3.accounts import S3Account

KEY = '{"private_key": "canary", "client_email": "me@example.com"}'


def config(**variables):
    named = {f"MEMEMIME_{name.upper()}": value for name, value in variables.items()}
    return storages_config(settings.load({"MEMEMIME_ALLOW_UNSIGNED": "1", **named}))


def test_storages_config_default_settings_has_no_storage():
    assert config() == StoragesConfig()


def test_storages_config_all_settings_reach_their_storage():
    found = config(
        use_s3="1", s3_region="r", s3_endpoint="http://s3", s3_endpoint_use_path_style="0", s3_assume_role_arn="arn",
        s3_assume_role_external_id="id", s3_allowed_buckets="a,b-*", s3_denied_buckets="b-c",
        use_gcs="1", gcs_key=KEY, gcs_endpoint="http://gcs", gcs_allowed_buckets="g", gcs_denied_buckets="h",
        use_abs="1", abs_name="me", abs_key="azure", abs_endpoint="http://abs", abs_allowed_buckets="x",
        abs_denied_buckets="y",
    )  # fmt: skip
    assert found.s3.default == S3Account(
        endpoint="http://s3", region="r", path_style=False, role_arn="arn", external_id="id"
    )
    assert found.s3.rule == BucketRule(("a", "b-*"), ("b-c",))
    assert found.google.account == GoogleAccount(key=KEY, endpoint="http://gcs")
    assert found.google.rule == BucketRule(("g",), ("h",))
    assert found.azure.account == AzureAccount(name="me", key="azure", endpoint="http://abs")
    assert found.azure.rule == BucketRule(("x",), ("y",))
    assert "canary" not in repr(found)
    assert "azure" not in repr(found.azure.account)


def test_s3_accounts_file_adds_named_accounts(tmp_path):
    file = tmp_path / "accounts.toml"
    file.write_text('[accounts.media]\nendpoint = "http://media"\nbuckets = ["media-*"]\n')
    found = config(use_s3="1", s3_accounts=str(file))
    assert found.s3.named == (S3Account(name="media", endpoint="http://media", buckets=("media-*",)),)
    file.write_text("[accounts.media]\nendpoints = 1\n")
    with pytest.raises(SettingsError, match=r"MEMEMIME_S3_ACCOUNTS: .*accounts\.media\.endpoints"):
        config(use_s3="1", s3_accounts=str(file))


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"cache_use": "fs", "cache_fs_root": "/results"}, CacheConfig(place="/results")),
        (
            {"cache_use": "s3", "cache_bucket": "b", "cache_s3_region": "r", "cache_s3_endpoint": "http://s3",
             "cache_s3_endpoint_use_path_style": "0", "cache_s3_assume_role_arn": "arn",
             "cache_s3_assume_role_external_id": "id"},
            CacheConfig(
                place="b",
                account=S3Account(
                    name="cache", endpoint="http://s3", region="r", path_style=False, role_arn="arn", external_id="id"
                ),
            ),
        ),
        (
            {"cache_use": "gcs", "cache_bucket": "b", "cache_gcs_key": KEY, "cache_gcs_endpoint": "http://g"},
            CacheConfig(place="b", account=GoogleAccount(key=KEY, endpoint="http://g")),
        ),
        (
            {"cache_use": "abs", "cache_bucket": "b", "cache_abs_name": "me", "cache_abs_key": "k"},
            CacheConfig(place="b", account=AzureAccount(name="me", key="k")),
        ),
    ],
)  # fmt: skip
def test_cache_config_has_the_place_of_the_variant_store(variables, expected):
    assert config(**variables).cache == expected


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        ({"s3_accounts": "/file"}, "MEMEMIME_S3_ACCOUNTS"),
        ({"use_s3": "1", "s3_accounts": "/none"}, "MEMEMIME_S3_ACCOUNTS"),
        ({"use_s3": "1", "s3_endpoint": "s3.example.com"}, "MEMEMIME_S3_ENDPOINT"),
        ({"use_s3": "1", "s3_allowed_buckets": "a", "s3_denied_buckets": "a"}, "MEMEMIME_S3_ALLOWED_BUCKETS"),
        ({"use_gcs": "1", "gcs_denied_buckets": "*"}, "MEMEMIME_GCS_DENIED_BUCKETS"),
        ({"use_gcs": "1", "gcs_key": "canary"}, "MEMEMIME_GCS_KEY"),
        ({"use_gcs": "1", "gcs_key": '["canary"]'}, "MEMEMIME_GCS_KEY"),
        ({"use_gcs": "1", "gcs_key": "17"}, "MEMEMIME_GCS_KEY"),
        ({"use_abs": "1"}, "MEMEMIME_ABS_NAME"),
        ({"use_abs": "1", "abs_name": "n", "abs_endpoint": "x"}, "MEMEMIME_ABS_ENDPOINT"),
        ({"cache_use": "fs"}, "MEMEMIME_CACHE_FS_ROOT"),
        ({"cache_use": "s3"}, "MEMEMIME_CACHE_BUCKET"),
        ({"cache_use": "gcs"}, "MEMEMIME_CACHE_BUCKET"),
        ({"cache_use": "abs", "cache_bucket": "b"}, "MEMEMIME_CACHE_ABS_NAME"),
    ],
)
def test_contradicting_settings_are_named_without_secrets(variables, name):
    with pytest.raises(SettingsError) as caught:
        config(**variables)
    assert name in caught.value.detail
    assert "canary" not in caught.value.detail


def resources_config(**named):
    variables = {f"MEMEMIME_{name.upper()}": value for name, value in named.items()}
    return sections.sources_config(settings.load({"MEMEMIME_ALLOW_UNSIGNED": "1", **variables})).resources


def test_resources_config_needs_the_url_of_the_service():
    assert resources_config() is None
    found = resources_config(
        resources_url="http://resources:8081/",
        resources_api_key="mk_secret",
        assets_storage="/assets",
        alias_stale="60",
    )
    assert (found.url, found.freshness, found.stale) == ("http://resources:8081", 0.5, 60)
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    ("named", "variable"),
    [({"resources_url": "http://h"}, "MEMEMIME_ASSETS_STORAGE"),
     ({"resources_url": "resources:8081", "assets_storage": "/assets"}, "MEMEMIME_RESOURCES_URL")],
)  # fmt: skip
def test_resources_config_missing_setting_is_named(named, variable):
    with pytest.raises(SettingsError, match=variable):
        resources_config(**named)
