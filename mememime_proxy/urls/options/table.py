"""The option table: every option of the URL language, in the order of the documentation."""

from __future__ import annotations

from mememime_proxy.urls.options.area import AREA_OPTIONS
from mememime_proxy.urls.options.delivery import DELIVERY_OPTIONS
from mememime_proxy.urls.options.effects.options import EFFECT_OPTIONS
from mememime_proxy.urls.options.effects.shape import SHAPE_OPTIONS
from mememime_proxy.urls.options.effects.watermark import WATERMARK_OPTIONS
from mememime_proxy.urls.options.film import FILM_OPTIONS
from mememime_proxy.urls.options.media import MEDIA_OPTIONS
from mememime_proxy.urls.options.option import Option
from mememime_proxy.urls.options.output.autoquality import AUTOQUALITY_OPTIONS
from mememime_proxy.urls.options.output.caching import CACHING_OPTIONS
from mememime_proxy.urls.options.output.pages import PAGE_OPTIONS
from mememime_proxy.urls.options.output.saving import SAVING_OPTIONS
from mememime_proxy.urls.options.pixels import PIXEL_OPTIONS
from mememime_proxy.urls.options.size import SIZE_OPTIONS

OPTIONS: tuple[Option, ...] = (
    *SIZE_OPTIONS,
    *AREA_OPTIONS,
    *PIXEL_OPTIONS,
    *EFFECT_OPTIONS,
    *SHAPE_OPTIONS,
    *WATERMARK_OPTIONS,
    *PAGE_OPTIONS,
    *FILM_OPTIONS,
    *MEDIA_OPTIONS,
    *SAVING_OPTIONS,
    *AUTOQUALITY_OPTIONS,
    *DELIVERY_OPTIONS,
    *CACHING_OPTIONS,
)
"""All options."""

BY_NAME: dict[str, Option] = {name: option for option in OPTIONS for name in option.names}
"""The option that a name or an alias stands for."""
