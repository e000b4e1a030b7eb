"""strip_metadata: remove the metadata of the original that the plan does not keep."""

from __future__ import annotations

from mememime_proxy.formats.output_rules import OriginalPolicy
from mememime_proxy.imaging.color.result_tags import hdr_code_points
from mememime_proxy.imaging.image_fields import with_metadata
from mememime_proxy.imaging.metadata import MILLIMETRES_PER_INCH, strip
from mememime_proxy.imaging.picture import Picture
from mememime_proxy.imaging.privacy.fields import without_private


def strip_metadata(picture: Picture) -> Picture:
    """Return the picture without the original's metadata, except for the part that the plan keeps."""
    return _with_resolution(_stripped(picture))


def _with_resolution(picture: Picture) -> Picture:
    """Return the picture with the resolution that the plan names, in dots per inch."""
    dpi = picture.plan.saving.dpi
    if not dpi:
        return picture
    image = picture.image.copy(xres=dpi / MILLIMETRES_PER_INCH, yres=dpi / MILLIMETRES_PER_INCH)
    return picture.with_image(with_metadata(image, {"resolution-unit": "in"}))


def _stripped(picture: Picture) -> Picture:
    plan = picture.plan
    if not plan.strip_metadata:
        if plan.original_policy is OriginalPolicy.ALLOW:
            return picture
        return picture.with_image(without_private(picture.image))
    keep_icc = not plan.strip_color_profile or bool(plan.saving.color_profile)
    stripped = strip(
        picture.image,
        keep_copyright=plan.keep_copyright,
        keep_icc=keep_icc or hdr_code_points(picture.image) is not None,
        animated=picture.frames > 1,
        dpi=picture.config.strip_metadata_dpi,
    )
    return picture.with_image(stripped)
