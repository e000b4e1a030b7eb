"""The option table: every option of the URL language, in the order of the documentation."""

from __future__ import annotations

from mememime_proxy.urls.options.delivery import DELIVERY
from mememime_proxy.urls.options.geometry import GEOMETRY
from mememime_proxy.urls.options.option import Option
from mememime_proxy.urls.options.pixels import PIXELS

OPTIONS: tuple[Option, ...] = (*GEOMETRY, *PIXELS, *DELIVERY)
"""All options."""

BY_NAME: dict[str, Option] = {name: option for option in OPTIONS for name in option.names}
"""The option that a name or an alias stands for."""
