"""What the client reads: manifests, patterns, templates, the service's answers."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterable
from pathlib import Path

from mememime_proxy.client.errors import ClientError, FileError
from mememime_proxy.client.inputs.alias_template import FileFacts, Template
from mememime_proxy.client.inputs.manifest import ManifestWriter, read_manifest
from mememime_proxy.client.inputs.name_filter import Filter
from mememime_proxy.client.inputs.path_pattern import PathPattern
from mememime_proxy.client.inputs.slug import slug
from mememime_proxy.client.results import Outcome
from mememime_proxy.client.transfer.response import problem_error
from mememime_proxy.service.alias_names import normalise
from tests.fuzz.target import Target

_FOLDER = Path(tempfile.gettempdir())


def _manifest(data: bytes) -> None:
    """A table of files in both forms: each row is an entry, or names its line; the table of outcomes is read back."""
    with tempfile.TemporaryDirectory(prefix="mememime-fuzz-") as folder:
        for name in ("m.csv", "m.jsonl"):
            path = Path(folder) / name
            path.write_bytes(data)
            try:
                entries = list(read_manifest(path))
            except FileError:
                continue
            for entry in entries:
                assert entry.focal is None or all(0 <= part <= 1 for part in entry.focal)
            _write(Path(folder) / f"out-{name}", [entry.alias or entry.path for entry in entries[:4]])


def _write(path: Path, aliases: list[str]) -> None:
    with ManifestWriter(path) as writer:
        for alias in aliases:
            writer.write(Outcome(path=alias, place=alias, state="uploaded", sha256="0" * 64, alias=alias, reason=alias))
    text = path.read_text("utf-8", "surrogateescape")
    rows = list(csv.DictReader(io.StringIO(text, newline=""))) if path.suffix == ".csv" else _lines(text)
    assert len(rows) == len(aliases)


def _lines(text: str) -> list[object]:
    return [json.loads(line) for line in text.split("\n") if line]


def _manifest_seeds() -> Iterable[bytes]:
    yield b'file,alias,tags,focal_x,focal_y,preset\na.jpg,products/a,x;y,0.5,1,card\n"b,c.jpg",,,,,\n'
    yield b'{"file": "a.jpg", "alias": "a", "tags": ["x"], "focal_x": 0.5, "focal_y": 0}\n\n{"file": "/b"}\n[]\n'


def _patterns(data: bytes) -> None:
    """Patterns of paths, filters and templates on any path; slugs are names that the service takes."""
    pattern, _, path = data.decode("utf-8", "surrogateescape").replace("\0", "").partition("\n")
    parsed = PathPattern.parse(pattern)
    if parsed is not None:
        parsed.matches(path)
        parsed.may_match_below(path)
    Filter([pattern], [path]).reason(path)
    for part in filter(None, slug(path).split("/")):
        if len(part) <= 255:
            normalise(part)
    try:
        Template(pattern).make_alias(FileFacts(path=path or "a", sha256="0" * 64))
    except (ValueError, ClientError):
        return


def _patterns_seeds() -> Iterable[bytes]:
    yield b"photographs/**/*.jpg\nphotographs/a/b.jpg"
    yield b"{folder}/{slug:stem}-{sha256:12}.{ext|x}\nA b/\xc3\x96l.JPG"
    yield b"[!a-c]?*\nd/e\xcc\x81"


def _problems(data: bytes) -> None:
    """An error of the service, or of what stands in its place."""
    status = 400 + (data[0] if data else 0)
    error = problem_error(status, "Reason", data[1:])
    assert str(error).isprintable() or "\n" not in str(error)


def _problems_seeds() -> Iterable[bytes]:
    yield b"\x04" + b'{"type": "https://mememime.dev/errors/alias.version", "title": "x", "status": 412, "detail": "y"}'
    yield b"\x64<html>\n<title>502 Bad Gateway</title>"


TARGETS = (
    Target(
        name="client.manifest",
        run=_manifest,
        seeds=_manifest_seeds,
        allowed=(),
        steps_per_byte=400,
        words=(b'"file":', b'"focal_x":', b"NaN", b"1e999", b"\\ud800", b"file,alias", b"\xef\xbb\xbf", b'""', b"\r\n"),
        base_steps=100_000,
    ),
    Target(
        name="client.patterns",
        run=_patterns,
        seeds=_patterns_seeds,
        allowed=(),
        steps_per_byte=3000,
        base_steps=200_000,
        max_length=1024,
        words=(b"**/", b"{sha256:", b"{exif:%Y|x}", b"{slug:path}", b"[!", b"*?"),
    ),
)
