"""The manifest of an original in its description."""

from pathlib import Path

import pytest

from mememime_proxy.errors import MissingC2paError
from mememime_proxy.formats.info_fields import InfoFields
from mememime_proxy.formats.output_rules import NOBODY
from mememime_proxy.imaging.description.document import describe
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.imaging.provenance import library
from mememime_proxy.plan import Plan, RenderConfig
from mememime_proxy.workers.parent.signing import load_key
from tests.support.signing_certificates import write_chain

SAMPLE = (Path(__file__).parents[3] / "config" / "samples" / "astronaut.jpg").read_bytes()
FIELDS = InfoFields(False, False, False, False, iptc=False, xmp=False, video_meta=False, c2pa=True)


def described(data, identity=NOBODY):
    return describe(data, Plan(info=FIELDS), RenderConfig(), identity=identity)["c2pa"]


def test_description_tells_of_a_manifest_whether_it_holds_and_whose_it_is(tmp_path):
    key, other = (load_key(*write_chain(tmp_path), "es256") for _ in range(2))
    plan = Plan(width=40, format="png", rotate=90)
    signed = bytes(
        Renderer(RenderConfig(c2pa="always"), None, key.identity).signed_by(key.sign).render(SAMPLE, plan).body
    )
    actions = ["c2pa.opened", "c2pa.resized", "c2pa.orientation", "c2pa.transcoded"]
    assert described(SAMPLE) == {"present": False}
    assert described(SAMPLE[:-2] + b"c2pa\xff\xd9") == {"present": False}
    found = described(signed, key.identity)
    assert found.pop("generator").startswith("Mememime ")
    assert found == {"present": True, "valid": True, "trusted": True, "actions": actions}
    assert list(described(signed)) == ["present", "valid", "trusted", "generator", "actions"]
    for identity in (NOBODY, other.identity):
        assert (described(signed, identity)["valid"], described(signed, identity)["trusted"]) == (True, False)
    place = signed.rindex(b"IDAT") + 40
    changed = signed[:place] + bytes([signed[place] ^ 1]) + signed[place + 1 :]
    assert (described(changed, key.identity)["present"], described(changed, key.identity)["valid"]) == (True, False)
    broken = signed.replace(b"c2pa.claim.v2", b"c2pa.clai\xff.v2")
    assert described(broken, key.identity) == {"present": True, "valid": False, "trusted": False}


def test_description_without_the_library_is_an_error(monkeypatch):
    monkeypatch.setattr(library, "has_c2pa", lambda: False)
    with pytest.raises(MissingC2paError, match="extra 'c2pa'"):
        described(SAMPLE)
    assert describe(SAMPLE, Plan(info=InfoFields()), RenderConfig())["format"] == "jpeg"
