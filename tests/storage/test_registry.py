import builtins
import importlib.util
import sys
from dataclasses import replace

import pytest

from mememime_proxy.errors import SettingsError
from mememime_proxy.storage.config import (
    AzureAccount,
    AzureConfig,
    BucketRule,
    CacheConfig,
    GoogleConfig,
    S3Config,
    StoragesConfig,
)
from mememime_proxy.storage.local.folder import Folder
from mememime_proxy.storage.registry import Storages
from mememime_proxy.storage.s3.accounts import S3Account

LOCAL = S3Account(endpoint="http://127.0.0.1:9", region="r", access_key_id="a", secret_access_key="b")


async def opened(config):
    it = Storages(config)
    await it.start()
    return it


@pytest.mark.parametrize(
    ("allowed", "denied", "bucket", "permitted"),
    [
        ((), (), "any", True),
        (("a",), (), "a", True),
        (("a",), (), "b", False),
        (("a-*",), (), "a-b", True),
        (("a-*",), (), "ba-b", False),
        (("a-*",), ("a-secret",), "a-secret", False),
        (("a-*",), ("a-secret",), "a-secrets", True),
        ((), ("*-secret",), "a-secret", False),
        ((), ("*-secret",), "a", True),
        (("A",), (), "a", False),
    ],
)
async def test_bucket_rule_permits_allowed_and_not_denied_buckets(allowed, denied, bucket, permitted):
    rule = BucketRule(allowed, denied)
    assert rule.permits(bucket) is permitted
    storages = await opened(
        StoragesConfig(
            s3=S3Config(default=LOCAL, named=(replace(LOCAL, name="other"),), rule=rule),
            google=GoogleConfig(rule=rule),
            azure=AzureConfig(account=AzureAccount(name="me"), rule=rule),
        )
    )
    for scheme, authority in (("s3", bucket), ("s3", f"other@{bucket}"), ("gs", bucket), ("abs", bucket)):
        assert (storages.reader(scheme, authority) is not None) is permitted, scheme
    await storages.close()


@pytest.mark.parametrize(
    ("allowed", "denied"), [(("a", "b"), ("b",)), (("a",), ("*",)), ((), ("*",)), (("*",), ("*",))]
)
def test_bucket_rule_that_contradicts_itself_raises(allowed, denied):
    with pytest.raises(SettingsError):
        BucketRule(allowed, denied)


async def test_reader_for_each_account_and_bucket_is_cached():
    named = (replace(LOCAL, name="media", buckets=("media-*",)), replace(LOCAL, name="other"))
    storages = await opened(StoragesConfig(s3=S3Config(default=LOCAL, named=named)))
    assert storages.schemes == {"s3"}
    assert storages.reader("s3", "a") is storages.reader("s3", "a")
    assert storages.reader("s3", "a") is not storages.reader("s3", "b")
    assert storages.reader("s3", "a") is not storages.reader("s3", "other@a")
    assert storages.reader("s3", "media-1").client is storages.reader("s3", "media@media-1").client
    for authority in ("", "none@a", "other@"):
        assert storages.reader("s3", authority) is None
    for scheme in ("gs", "abs", "local", "http", ""):
        assert storages.reader(scheme, "a") is None
    assert {stats.name for stats in storages.stats()} == {"default", "media", "other"}
    await storages.close()


async def test_storages_import_only_the_sdks_in_use(monkeypatch):
    really_import = builtins.__import__

    def imported(name, *arguments, **named):
        assert not name.startswith(("aiobotocore", "botocore", "obstore", "mememime_proxy.storage.s3"))
        return really_import(name, *arguments, **named)

    for name in [name for name in sys.modules if name.startswith(("mememime_proxy.storage.s3", "obstore"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", imported)
    storages = await opened(StoragesConfig())
    assert storages.schemes == frozenset()
    assert storages.writer_for_cache() is None
    await storages.close()


async def test_start_without_the_extra_names_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    for config in (
        StoragesConfig(google=GoogleConfig()),
        StoragesConfig(azure=AzureConfig(account=AzureAccount(name="me"))),
        StoragesConfig(cache=CacheConfig(place="bucket", account=AzureAccount(name="me"))),
    ):
        with pytest.raises(SettingsError, match="cloud"):
            await opened(config)


async def test_cache_in_a_folder_stores_objects(tmp_path):
    storages = await opened(StoragesConfig(cache=CacheConfig(place=str(tmp_path / "results"))))
    folder = storages.writer_for_cache()
    assert isinstance(folder, Folder)
    await folder.put("k", b"x")
    assert (tmp_path / "results/k").read_bytes() == b"x"
    await storages.close()


async def test_start_that_fails_closes_what_it_opened(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    storages = Storages(StoragesConfig(s3=S3Config(default=LOCAL), cache=CacheConfig(place=str(tmp_path / "file"))))
    with pytest.raises(SettingsError, match="/file"):
        await storages.start()
    await storages.close()


async def test_cache_in_a_bucket_of_another_account_stores_objects(s3_server):
    account = S3Account(
        endpoint=s3_server.endpoint,
        region=s3_server.region,
        access_key_id=s3_server.access_key,
        secret_access_key=s3_server.secret_key,
    )
    bucket = s3_server.create_bucket()
    storages = await opened(
        StoragesConfig(s3=S3Config(default=LOCAL), cache=CacheConfig(place=bucket, account=account))
    )
    await storages.writer_for_cache().put("k", b"x")
    async with await storages.writer_for_cache().open("k") as body:
        assert b"".join([chunk async for chunk in body]) == b"x"
    await storages.close()
