"""The options of the original's digest, and of caches."""

from __future__ import annotations

from mememime_proxy.urls.options.arguments import Argument, EmptyRule, Flag
from mememime_proxy.urls.options.option import Option
from mememime_proxy.urls.options.output.arguments import CacheTagArguments, DigestArguments

_SECTION = "Caches and integrity"

CACHING_OPTIONS = (
    Option(
        name="hashsum",
        section=_SECTION,
        meaning="Render the original only if its bytes have this digest, otherwise answer 422. It is looked at before"
        " anything is decoded. Not for films, and not with `raw`.",
        arguments=(
            DigestArguments(
                "hashsum",
                "`md5`, `sha1`, `sha256` or `sha512` with the digest in hexadecimal, or `none`.",
            ),
        ),
        example="hs:sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        default="`none`",
        obeyed_by="the renderer, before the first step",
        aliases=("hs",),
    ),
    Option(
        name="bypass_cache",
        section=_SECTION,
        meaning="Do not look for the result in the caches of this service. What is made is stored in them as usual.",
        arguments=(
            Argument(name="bypass", type=Flag(), field="caching.bypass", meaning="On or off.", empty=EmptyRule.KEEP),
        ),
        example="bc:1",
        default="0",
        obeyed_by="the caches of variants",
        aliases=("bc",),
        permission="ALLOW_BYPASS_CACHE",
    ),
    Option(
        name="cache_tags",
        section=_SECTION,
        meaning="Further cache tags of the response, by which a CDN can purge it, beside the one of the source.",
        arguments=(CacheTagArguments("caching.tags", "Up to 64 tags of 1 to 128 characters but `,` and spaces."),),
        example="ct:products:shoes",
        default="–",
        obeyed_by="the HTTP response",
        aliases=("ct",),
    ),
)
"""In the order of the documentation."""
