"""Folders that must not overlap (F7)."""

import pytest

from mememime_proxy.errors import SettingsError
from mememime_proxy.settings.folders import check_folders, folder_conflicts
from mememime_proxy.settings.settings import Settings

OWNERS = ("nginx_cache_path", "cache_fs_root", "spool_path", "assets_storage")
PAIRS = [(one, other) for one in OWNERS for other in OWNERS if one != other]


def settings(**values):
    return Settings(cache_use="fs", **{name: str(value) for name, value in values.items()})


@pytest.mark.parametrize(("one", "other"), PAIRS)
@pytest.mark.parametrize("below", ["", "part", "part/of/it"])
def test_f7_folder_of_one_part_is_refused_for_another(tmp_path, one, other, below):
    with pytest.raises(SettingsError) as caught:
        check_folders(settings(**{one: tmp_path / "shared", other: tmp_path / "shared" / below}))
    for name in (one, other):
        assert f"MEMEMIME_{name.upper()}" in caught.value.detail


def test_f7_each_overlapping_pair_has_a_line(tmp_path):
    found = list(folder_conflicts(settings(**dict.fromkeys(OWNERS, tmp_path))))
    assert len(found) == 6


def test_f7_links_and_spellings_are_followed(tmp_path):
    (tmp_path / "store").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "store")
    for path in (tmp_path / "link", f"{tmp_path}/other/../store/", f"{tmp_path}//store/x"):
        assert list(folder_conflicts(settings(cache_fs_root=tmp_path / "store", nginx_cache_path=path)))


@pytest.mark.parametrize("cleaned", ["nginx_cache_path", "cache_fs_root"])
def test_f7_originals_and_database_are_refused_where_files_are_removed(tmp_path, cleaned):
    assert list(folder_conflicts(settings(**{cleaned: tmp_path, "local_filesystem_root": tmp_path / "pictures"})))
    assert list(folder_conflicts(settings(**{cleaned: tmp_path, "database_url": f"sqlite:///{tmp_path}/a.sqlite"})))
    # A folder with originals may contain others: it is only read.
    assert not list(folder_conflicts(settings(**{cleaned: tmp_path / "cache", "local_filesystem_root": tmp_path})))


def test_f7_separate_folders_are_accepted(tmp_path):
    folders = {name: tmp_path / name for name in (*OWNERS, "local_filesystem_root")}
    check_folders(settings(**folders, database_url=f"sqlite:///{tmp_path}/a.sqlite"))
    # A name that begins like another is another folder.
    check_folders(settings(cache_fs_root="/var/cache/mememime", nginx_cache_path="/var/cache/mememime-nginx"))


def test_f7_a_folder_that_is_not_used_does_not_count(tmp_path):
    unused = Settings(cache_use="", cache_fs_root=str(tmp_path), nginx_cache_path=str(tmp_path))
    assert not list(folder_conflicts(unused))
    bucket = Settings(assets_storage="s3://assets", database_url="postgresql://u@h/d", spool_path=str(tmp_path))
    assert not list(folder_conflicts(bucket))
