"""URLs of the films and the sound in a folder, for ``mememime demo``: those results that this installation makes."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from mememime_proxy.formats.containers import is_engine_installed
from mememime_proxy.formats.outputs import OutputKind
from mememime_proxy.urls import UrlBuilder

FILMS: Final = (".mp4", ".mov", ".mkv", ".webm")
SOUND: Final = (".flac", ".wav", ".mp3", ".m4a", ".ogg", ".opus")


def film_examples(url: UrlBuilder, folder: Path, base: str) -> dict[str, str]:
    """Return URLs by what they show; nothing where there is no film and no sound.

    ``folder``: the root of ``local://``. ``base``: URL of the proxy.
    """
    if not is_engine_installed():
        return {}
    from mememime_proxy.av.results import MAKERS  # noqa: PLC0415 - the extra is there, and loads slowly

    film, sound = _first(folder, FILMS), _first(folder, SOUND)
    examples: dict[str, str] = {}
    if film:
        examples["a poster"] = url.resize("fit", 640).poster(film)
        sprite = url.video_thumbnail_second(0).video_thumbnail_tile(-1, 4, 2, 160, 90)
        examples["a sprite"] = sprite.build(film, "jpeg")
        if OutputKind.ANIMATION in MAKERS:
            examples["an animation"] = url.clip(3, 2).width(320).fps(12).build(film, "webp")
        if OutputKind.VIDEO in MAKERS:
            examples["a clip"] = url.clip(2, 4).height(240).build(film, "mp4")
        if OutputKind.STREAM in MAKERS:
            stream = url.ladder(360, 240).build(film, "m3u8")
            examples["a stream"] = stream
            examples["a player"] = f"{base.rstrip('/')}/player?src={quote(urlsplit(stream).path, safe='/:@')}"
    if sound:
        if OutputKind.WAVEFORM in MAKERS:
            examples["a waveform"] = url.waveform().build(sound, "png")
        if OutputKind.SOUND in MAKERS:
            examples["Opus at −16 LUFS"] = url.loudness().build(sound, "opus")
    return examples


def media_extensions(folder: Path) -> list[str]:
    """Return the extensions of the films and of the sound in a folder."""
    return sorted({path.suffix for path in folder.iterdir() if path.suffix.lower() in (*FILMS, *SOUND)})


def _first(folder: Path, extensions: tuple[str, ...]) -> str:
    found = sorted(path.name for path in folder.iterdir() if path.suffix.lower() in extensions)
    return f"local:///{found[0]}" if found else ""
