"""The pool of pictures has the key of manifests where they are configured."""

from mememime_proxy.proxy.variants.picture_pool import picture_pool_config, signing_key
from mememime_proxy.settings import sections
from mememime_proxy.settings.settings import load
from tests.support.signing_certificates import write_chain


def test_pool_gets_the_key_of_the_settings(tmp_path):
    settings = load({"MEMEMIME_ALLOW_UNSIGNED": "1"})
    assert signing_key(settings) is None
    assert picture_pool_config(settings, None) == sections.pool_config(settings)
    names = ("MEMEMIME_C2PA_CERTIFICATE", "MEMEMIME_C2PA_PRIVATE_KEY")
    files = dict(zip(names, write_chain(tmp_path, "ed25519"), strict=True))
    settings = load(
        {"MEMEMIME_ALLOW_UNSIGNED": "1", "MEMEMIME_C2PA": "keep", "MEMEMIME_C2PA_ALGORITHM": "ed25519"} | files
    )
    key = signing_key(settings)
    config = picture_pool_config(settings, key)
    assert (config.identity, config.sign) == (key.identity, key.sign)
    assert key.identity.algorithm == "ed25519"
    assert signing_key(settings) == key  # a reload keeps the workers
