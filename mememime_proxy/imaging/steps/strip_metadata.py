"""strip_metadata: remove the metadata of the original that the plan does not keep."""

from __future__ import annotations

from mememime_proxy.imaging.color.result_tags import hdr_code_points
from mememime_proxy.imaging.metadata import strip
from mememime_proxy.imaging.picture import Picture
from mememime_proxy.imaging.privacy.fields import without_private
from mememime_proxy.plan import OriginalPolicy


def strip_metadata(picture: Picture) -> Picture:
    """Return the picture without the original's metadata, except for the part that the plan keeps."""
    plan = picture.plan
    if not plan.strip_metadata:
        if plan.original_policy is OriginalPolicy.ALLOW:
            return picture
        return picture.with_image(without_private(picture.image))
    stripped = strip(
        picture.image,
        keep_copyright=plan.keep_copyright,
        keep_icc=not plan.strip_color_profile or hdr_code_points(picture.image) is not None,
        animated=picture.frames > 1,
    )
    return picture.with_image(stripped)
