"""attach_gain_map and encode: the last steps, which write the file."""

from __future__ import annotations

from mememime_proxy.formats import FORMATS
from mememime_proxy.imaging.autoquality import search
from mememime_proxy.imaging.autoquality.target import with_encoder
from mememime_proxy.imaging.codecs import selection
from mememime_proxy.imaging.codecs.save import save
from mememime_proxy.imaging.picture import Picture
from mememime_proxy.imaging.steps.best_format import encode_best


def attach_gain_map(picture: Picture) -> Picture:
    """Return the picture with its gain map, if it has one, as metadata of its image."""
    return picture if picture.gain is None else picture.with_image(picture.gain.attach_to(picture.image))


def encode(picture: Picture) -> Picture:
    """Return the picture with its file, in its format or in another one where it is too small for that.

    With ``autoquality`` the quality is searched for. With ``max_bytes`` the file then has the highest quality tried
    that fits, or the lowest there is.
    """
    if picture.candidates:
        return encode_best(picture)
    image, plan, config = picture.image, picture.plan, picture.config
    name = selection.format_for_size(
        picture.format, image.width, image.height // picture.frames, alpha=image.hasalpha()
    )
    target = search.target_of(image, name, plan, config) if picture.frames == 1 else None
    limit = plan.max_bytes if FORMATS[name].quality else 0
    if limit or target is not None:
        image = image.copy_memory()
    config = with_encoder(config, target)
    if target is not None:
        quality, encoded = search.encode_for(target, image, name, plan, config)
    else:
        quality = selection.quality(name, plan, config)
        encoded = save(image, name, quality=quality, plan=plan, config=config)
    while limit and (quality := selection.next_quality(quality, len(encoded), limit)):
        encoded = save(image, name, quality=quality, plan=plan, config=config)
    return picture.with_changes(decoded=image, format=name, encoded=encoded)
