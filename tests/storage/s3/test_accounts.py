import pytest

from mememime_proxy.errors import SettingsError
from mememime_proxy.storage.s3.accounts import S3Account, S3Accounts, load_accounts

CANARY = "canary-7c1d"


@pytest.fixture
def load(tmp_path):
    def load(text, **environ):
        path = tmp_path / "accounts.toml"
        path.write_text(text)
        return load_accounts(str(path), environ)

    return load


def test_accounts_file_with_all_keys_is_read(load):
    one, two = load(
        f"""
        [accounts.minio]
        endpoint = "https://minio.example"
        region = "eu-1"
        path_style = false
        role_arn = "arn:aws:iam::1:role/r"
        external_id = "e"
        access_key_id_env = "MINIO_ID"
        secret_access_key_env = "MINIO_SECRET"
        session_token = "t"
        buckets = ["photos-*", "logos"]

        [accounts.aws]
        access_key_id = "AKIA"
        secret_access_key = "{CANARY}"
        """,
        MINIO_ID="id",
        MINIO_SECRET="secret",
    )
    assert one == S3Account(
        name="minio",
        endpoint="https://minio.example",
        region="eu-1",
        path_style=False,
        role_arn="arn:aws:iam::1:role/r",
        external_id="e",
        access_key_id="id",
        secret_access_key="secret",
        session_token="t",
        buckets=("photos-*", "logos"),
    )
    assert (two.name, two.endpoint, two.path_style, two.secret_access_key) == ("aws", "", True, CANARY)
    assert CANARY not in repr(two)


def test_accounts_file_without_accounts_is_empty(load):
    assert load("") == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[accounts.a]\nsecret_access_key = 'canary-7c1d", "accounts.toml: not TOML (at "),
        ("[account.a]", "accounts.toml: account: unknown"),
        ("accounts = 1", "accounts.toml: accounts: expected tables"),
        ("[accounts]\na = 'canary-7c1d'", "accounts.a: expected a table"),
        ("[accounts.a]\nsecret = 'canary-7c1d'", "accounts.a.secret: unknown key"),
        ("[accounts.a]\nendpoint_env = 'E'", "accounts.a.endpoint_env: unknown key"),
        ("[accounts.a]\nregion = 1", "accounts.a.region: expected text"),
        ("[accounts.a]\npath_style = 'yes'", "accounts.a.path_style: expected true or false"),
        ("[accounts.a]\nbuckets = 'b'", "accounts.a.buckets: expected a list"),
        ("[accounts.a]\nbuckets = ['']", "accounts.a.buckets: expected a list"),
        ("[accounts.a]\nendpoint = 'minio.example'", "accounts.a.endpoint: expected a URL"),
        ("[accounts.a]\nsecret_access_key = 'canary-7c1d'", "belong together"),
        (
            "[accounts.a]\nsecret_access_key_env = 'NONE'",
            "accounts.a.secret_access_key_env: expected the name of a var",
        ),
        ("[accounts.a]\nsecret_access_key_env = 1", "accounts.a.secret_access_key_env: expected the name of a var"),
        (
            "[accounts.a]\nsecret_access_key = 'canary-7c1d'\nsecret_access_key_env = 'SET'",
            "accounts.a.secret_access_key_env: secret_access_key is set as well",
        ),
        ("[accounts.'a@b']", "may not contain one of"),
        ("[accounts.'']", "may not contain one of"),
    ],
)
def test_accounts_file_with_an_error_raises_without_secrets(load, text, expected):
    with pytest.raises(SettingsError) as caught:
        load(text, SET=CANARY)
    assert expected in str(caught.value)
    assert CANARY not in repr(caught.value)


def test_accounts_file_that_is_missing_raises(tmp_path):
    with pytest.raises(SettingsError, match=r"none\.toml: cannot be read \(No such file"):
        load_accounts(str(tmp_path / "none.toml"), {})


def test_find_account_by_name_pattern_or_default():
    first = S3Account(name="first", buckets=("photos-*",))
    second = S3Account(name="second", buckets=("photos-*", "logos"))
    default = S3Account()
    accounts = S3Accounts([first, second], default)
    assert list(accounts) == [first, second, default]
    assert accounts.find("photos-1") == (first, "photos-1")
    assert accounts.find("logos") == (second, "logos")
    assert accounts.find("second@photos-1") == (second, "photos-1")
    assert accounts.find("other") == (default, "other")
    assert accounts.find("first@other") == (first, "other")
    assert accounts.find("nobody@other") is None
    assert accounts.find("@other") is None
    assert accounts.find("first@") is None
    assert accounts.find("") is None
    assert S3Accounts([first], None).find("other") is None
