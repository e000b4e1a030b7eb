"""Manifests of results: written, read back, broken by a change."""

import io
import json
import re
from dataclasses import replace
from pathlib import Path
from random import Random

import c2pa
import pytest
from PIL import Image

from mememime_proxy.errors import MissingC2paError, WorkerError
from mememime_proxy.formats import FORMATS
from mememime_proxy.formats.output_rules import OriginalPolicy
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.imaging.provenance import library
from mememime_proxy.plan import ImageLimits, Plan, RenderConfig
from mememime_proxy.workers.parent.signing import load_key
from tests.support.signing_certificates import write_chain

SAMPLE = (Path(__file__).parents[3] / "config" / "samples" / "astronaut.jpg").read_bytes()
PLAN = Plan(width=100, format="jpeg")


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    return load_key(*write_chain(tmp_path_factory.mktemp("keys")), "es256")


def render(key, plan, data=SAMPLE, mode="always"):
    return Renderer(RenderConfig(c2pa=mode), None, key.identity).signed_by(key.sign).render(data, plan)


def state(body, format_, anchors=""):
    with c2pa.Reader(FORMATS[format_].mime, io.BytesIO(body), context=library.context(anchors)) as reader:
        document = json.loads(reader.json())
    return document["validation_state"], document["manifests"], document["active_manifest"]


@pytest.mark.parametrize("format_", sorted(library.WRITTEN))
def test_manifest_is_valid_small_and_broken_by_any_changed_byte(format_, key):
    plan = replace(PLAN, format=format_)
    body, plain = bytes(render(key, plan).body), bytes(render(key, plan, mode="off").body)
    found, manifests, active = state(body, format_, key.identity.certificates)
    assert found == "Trusted"
    assert state(body, format_)[0] == "Valid"
    done = {each["label"]: each["data"] for each in manifests[active]["assertions"]}["c2pa.actions.v2"]["actions"]
    assert [each["action"] for each in done] == ["c2pa.opened", "c2pa.resized", "c2pa.transcoded"]
    assert [each["relationship"] for each in manifests[active]["ingredients"]] == ["parentOf"]
    # 3 kB, and the room of 10 kB that the library leaves for the signature.
    assert len(body) - len(plain) < 13_500
    begin, end = body.index(b"jumb") - 64, max(match.end() for match in re.finditer(rb"\0{200}", body)) + 128
    random = Random(format_)
    # The type of an AVIF, in front of all, is left out by the standard.
    places = [*range(40, begin), *range(end, len(body))]
    for at in random.sample(places, 60):
        changed = bytearray(body)
        changed[at] ^= 1 << random.randrange(8)
        assert is_broken(bytes(changed), format_), at


def is_broken(body, format_):
    try:
        return state(body, format_)[0] == "Invalid"
    except c2pa.C2paError:
        return True  # no manifest that could be read


def test_manifest_itself_cannot_be_changed(key):
    body = bytes(render(key, PLAN).body)
    for text, other in ((b"c2pa.resized", b"c2pa.cropped"), (b"Mememime", b"Someone!"), (b"\xf6X@", b"\xf6X@")):
        at = body.rindex(text)
        place = at + len(text) + 9
        changed = body[:at] + other + body[at + len(text) :]
        changed = changed if changed != body else body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        assert is_broken(changed, "jpeg"), text


def test_animation_keeps_its_frames(key):
    frames = [Image.new("RGB", (40, 40), (60 * n, 9, 9)) for n in range(3)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    for format_ in ("gif", "webp"):
        plan = Plan(format=format_, limits=ImageLimits(max_animation_frames=9))
        variant = render(key, plan, buffer.getvalue())
        assert state(bytes(variant.body), format_)[0] == "Valid"
        assert Image.open(io.BytesIO(variant.body)).n_frames == variant.pages == 3


def test_keep_is_about_originals_with_a_manifest_and_takes_it_over(key):
    assert render(key, PLAN, mode="keep") == render(key, PLAN, mode="off")
    signed = bytes(render(key, PLAN).body)
    found, manifests, active = state(bytes(render(key, replace(PLAN, format="png"), signed, "keep").body), "png")
    assert (found, len(manifests)) == ("Valid", 2)
    (parent,) = manifests[active]["ingredients"]
    assert parent["active_manifest"] in set(manifests) - {active}
    # Once it was changed, the result says so.
    changed = signed[:-100] + bytes([signed[-100] ^ 1]) + signed[-99:]
    _, manifests, active = state(bytes(render(key, PLAN, changed, "keep").body), "jpeg")
    (parent,) = manifests[active]["ingredients"]
    codes = [each["code"] for each in parent["validation_results"]["activeManifest"]["failure"]]
    assert "assertion.dataHash.mismatch" in codes


def test_manifest_that_cannot_be_read_is_not_taken_over(key):
    signed = bytes(render(key, PLAN).body)
    broken = signed.replace(b"c2pa.claim.v2", b"c2pa.clai\xff.v2")
    assert broken != signed
    found, manifests, _ = state(bytes(render(key, PLAN, broken, "keep").body), "jpeg")
    assert (found, len(manifests)) == ("Valid", 1)


def test_originals_whose_private_metadata_is_held_back_and_other_formats_have_none(key):
    for plan in (
        *(replace(PLAN, original_policy=policy) for policy in (OriginalPolicy.STRIP, OriginalPolicy.FORBID)),
        *(replace(PLAN, format=format_) for format_ in ("bmp", "ico", "jxl")),
        replace(PLAN, skip_processing=("jpeg",)),
    ):
        assert render(key, plan) == render(key, plan, mode="off")


def test_digest_is_that_of_the_file_before_it_was_signed(key):
    one, two = (render(key, PLAN) for _ in range(2))
    assert one.body != two.body
    assert one.unsigned_digest == two.unsigned_digest != b""
    assert render(key, replace(PLAN, width=50)).unsigned_digest != one.unsigned_digest
    assert render(key, PLAN, mode="off").unsigned_digest == b""


def test_no_signature_and_no_library_are_errors_and_never_a_result_without_a_manifest(key, monkeypatch):
    unsigned = Renderer(RenderConfig(c2pa="always"), None, key.identity)
    with pytest.raises(WorkerError, match="nobody signs"):
        unsigned.render(SAMPLE, PLAN)

    def gone(_data):
        raise ConnectionError

    with pytest.raises(ConnectionError):
        unsigned.signed_by(gone).render(SAMPLE, PLAN)
    with pytest.raises(WorkerError, match="no manifest could be made"):
        unsigned.signed_by(lambda _data: b"").render(SAMPLE, PLAN)
    monkeypatch.setattr(library, "has_c2pa", lambda: False)
    library.preload()
    for mode in ("keep", "always"):
        with pytest.raises(MissingC2paError, match="extra 'c2pa'"):
            render(key, PLAN, mode=mode)
    render(key, PLAN, mode="off")
