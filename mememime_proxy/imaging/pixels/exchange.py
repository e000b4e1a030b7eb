"""The pixels that come with a render, and those that it hands back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

import msgspec
import pyvips

from mememime_proxy.decoded import LoadedPixels, LoadKey, is_worth_keeping
from mememime_proxy.errors import ImageError
from mememime_proxy.imaging.pixels import pixel_file
from mememime_proxy.imaging.vips_errors import reported_damage

_log = logging.getLogger(__name__)


class PixelExchange:
    """Pixels of one original for one render.

    Those that are given are of an original that was decoded to its last row without a complaint, so that a render of
    them is equal to one that decodes for itself.
    """

    def __init__(self, given: Mapping[LoadKey, int], file: int = -1, limit: int = 0) -> None:
        """``given``: descriptors of memory files, which stay the caller's.

        ``file``: an empty one for pixels to hand back, of at most ``limit`` bytes; −1 = none are wanted.
        """
        self.decoded: LoadedPixels | None = None
        """What was loaded, once the render has begun."""
        self._given = given
        self._file = file
        self._limit = limit
        self._image: tuple[LoadKey, pyvips.Image] | None = None

    def has(self, key: LoadKey) -> bool:
        """Whether pixels were given for these parameters of a load."""
        return key in self._given

    def begin(self, decoded: LoadedPixels) -> None:
        """Note what the render is going to load."""
        self.decoded = msgspec.structs.replace(decoded, is_given=self.has(decoded.key))

    def load(self, key: LoadKey, decode: Callable[[], pyvips.Image]) -> pyvips.Image:
        """Return the pixels for ``key``: those that were given, else what ``decode`` returns.

        The latter are handed back if they are the ones that the render was said to load. Raises as ``decode``.
        """
        if self.has(key):
            try:
                return pixel_file.open_image(self._given[key])
            except (OSError, ValueError, msgspec.MsgspecError) as error:
                _log.debug("pixels.unusable", exc_info=error)
        if self._image is not None and self._image[0] == key:
            return self._image[1]
        decoded = self.decoded
        if decoded is not None and decoded.key == key and self._is_wanted(decoded):
            image = self._hand_back(decoded, decode)
            if image is not None:
                self._image = (key, image)
                return image
        return decode()

    def _is_wanted(self, decoded: LoadedPixels) -> bool:
        fits = self._file >= 0 and decoded.size <= self._limit
        return fits and is_worth_keeping(decoded.size, decoded.seconds)

    def _hand_back(self, decoded: LoadedPixels, decode: Callable[[], pyvips.Image]) -> pyvips.Image | None:
        """Return the pixels that are in the file from now on; None where they cannot be handed back."""
        file, self._file = self._file, -1
        try:
            image = decode()
            if not 0 < pixel_file.size_of(image) <= self._limit:
                return None
            size = pixel_file.write(image, file)
            if size and not reported_damage():
                self.decoded = msgspec.structs.replace(decoded, size=size, is_handed_back=True)
                return pixel_file.open_image(file)
        except (pyvips.Error, ImageError, OSError, ValueError) as error:
            # Perhaps of rows that the render does not need.
            _log.debug("pixels.not_handed_back", exc_info=error)
        # What is wrong is reported by the render's own decoding, as far as that gets.
        pyvips.vips_lib.vips_error_clear()
        return None
