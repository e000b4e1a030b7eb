"""Results that keep metadata: what tells a place or a serial number is not among it."""

import io

import PIL.Image
import pytest
import pyvips

from mememime_proxy.formats.output_rules import OriginalPolicy
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import Plan, RenderConfig
from tests.support.private_metadata import KEPT, SECRETS, with_secrets

RENDERER = Renderer(RenderConfig())


@pytest.mark.parametrize("policy", [OriginalPolicy.STRIP, OriginalPolicy.FORBID])
@pytest.mark.parametrize("target", ["jpeg", "png", "webp", "avif", "tiff"])
@pytest.mark.parametrize("source", ["jpeg", "png", "webp", "tiff", "avif"])
def test_rendered_result_with_metadata_tells_no_place(source, target, policy):
    plan = Plan(width=20, strip_metadata=False, format=target, original_policy=policy)
    body = bytes(RENDERER.render(with_secrets(source), plan).body)
    image = pyvips.Image.new_from_buffer(body, "")
    # A PNG's texts may be compressed.
    told = body + b"".join(str(image.get(name)).encode() for name in image.get_fields())
    assert [secret for secret in SECRETS if secret in told] == []
    if source != "tiff":
        assert KEPT in body or target == "png", "the artist stays"


@pytest.mark.parametrize("source", ["jpeg", "png", "webp", "avif"])
def test_rendered_result_without_a_policy_keeps_all_metadata(source):
    body = bytes(RENDERER.render(with_secrets(source), Plan(width=20, strip_metadata=False, format="jpeg")).body)
    assert PIL.Image.open(io.BytesIO(body)).getexif().get_ifd(0x8825)


@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "gif", "tiff", "avif"])
def test_skipped_format_is_given_out_without_private_metadata(name):
    original = with_secrets(name)
    plan = Plan(skip_processing=(name,), original_policy=OriginalPolicy.STRIP)
    variant = RENDERER.render(original, plan)
    assert not variant.rendered
    assert [secret for secret in SECRETS if secret in bytes(variant.body)] == []
    untouched = RENDERER.render(original, Plan(skip_processing=(name,)))
    assert bytes(untouched.body) == original


@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "gif"])
def test_skipped_format_is_rendered_where_originals_are_forbidden(name):
    variant = RENDERER.render(with_secrets(name), Plan(skip_processing=(name,), original_policy=OriginalPolicy.FORBID))
    assert variant.rendered
    assert [secret for secret in SECRETS if secret in bytes(variant.body)] == []


def test_drawing_is_passed_on_sanitised_under_every_policy():
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><rect width="4" height="4"/></svg>'
    for policy in OriginalPolicy:
        variant = RENDERER.render(drawing, Plan(format="svg", original_policy=policy))
        assert (variant.rendered, variant.format) == (False, "svg")
