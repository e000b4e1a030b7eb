"""The stream of a film in place of a clip that takes too long: the same source, with options that mean the same."""

from __future__ import annotations

from typing import Final

from mememime_proxy.errors import UrlError
from mememime_proxy.formats.outputs import OutputKind
from mememime_proxy.plan import Plan
from mememime_proxy.urls import grammar
from mememime_proxy.urls.options.table import BY_NAME

_SHARED: Final = frozenset(
    (
        *("quality", "video_bitrate", "fps", "audio_codec", "audio_bitrate", "audio_channels", "loudness", "volume"),
        *("track", "expires", "cachebuster", "filename"),
    )
)
_WITHOUT_EFFECT: Final = frozenset({"video_codec", "keyframe_interval", "encoder_speed", "format"})
"""Options that tell nothing of what is shown: a stream has its own."""
_STREAM: Final = "m3u8"


def stream_path(path: str, plan: Plan, separator: str = ":") -> str:
    """Return options and source of the stream that shows what ``plan`` does; '' where none does.

    ``path``: those of the plan, without a signature. A part of the film, a crop, a size by its width, presets and all
    that a stream cannot obey have none: whoever may see a part may not see the whole by it.
    """
    if plan.output_kind is not OutputKind.VIDEO:
        return ""
    try:
        parsed = grammar.parse(path, separator)
    except UrlError:
        return ""
    options = []
    for text in parsed.options:
        option = BY_NAME.get(text.name)
        if option is None:
            return ""
        if option.name in _SHARED:
            options.append(separator.join((text.name, *text.arguments)))
        elif option.name == "height":
            options = [each for each in options if not each.startswith("ld")]
            options.append(separator.join(("ld", str(plan.height))))
        elif option.name not in _WITHOUT_EFFECT:
            return ""
    if plan.width or (plan.height and not any(each.startswith("ld") for each in options)):
        return ""
    return "/".join((*options, _source("/".join(parsed.source), plan.format)))


def _source(text: str, extension: str) -> str:
    mark = "@" if text.startswith("plain/") else "."
    return f"{text.removesuffix(mark + extension)}{mark}{_STREAM}"
