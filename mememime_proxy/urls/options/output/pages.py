"""The options of originals with several pages or frames."""

from __future__ import annotations

from mememime_proxy.urls.options.arguments import Argument, EmptyRule, Flag, WholeNumber
from mememime_proxy.urls.options.option import Option

_SECTION = "Pages"

PAGE_OPTIONS = (
    Option(
        name="page",
        section=_SECTION,
        meaning="Show another page of a TIFF than the first one, or another frame of an animated GIF, WebP or AVIF. Has"
        " no effect where the result is an animation.",
        arguments=(
            Argument(
                name="page",
                type=WholeNumber(),
                field="pages.first",
                meaning="Counted from 0; beyond the last page it is that.",
                empty=EmptyRule.KEEP,
            ),
        ),
        example="pg:2",
        default="0",
        obeyed_by="the renderer, before the first step",
        aliases=("pg",),
    ),
    Option(
        name="pages",
        section=_SECTION,
        meaning="Show several pages or frames, from `page` on, one below the other at the left edge. What is right of a"
        " narrower one is transparent, or white where no page has transparency. All of them together are limited as one"
        " original is.",
        arguments=(
            Argument(
                name="pages",
                type=WholeNumber(1),
                field="pages.count",
                meaning="Number of pages, as far as there are so many.",
                empty=EmptyRule.KEEP,
            ),
        ),
        example="pgs:3",
        default="1",
        obeyed_by="the renderer, before the first step",
        aliases=("pgs",),
    ),
    Option(
        name="disable_animation",
        section=_SECTION,
        meaning="Treat an animation as a still picture, in formats that could hold it, too.",
        arguments=(Argument(name="disable", type=Flag(), field="disable_animation", meaning="On or off."),),
        example="da:1",
        default="0",
        obeyed_by="the renderer, before the first step",
        aliases=("da",),
    ),
)
"""In the order of the documentation."""
