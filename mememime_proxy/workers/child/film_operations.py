"""The operations of workers that read films: ``av`` behind the workers' interface."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import msgspec

from mememime_proxy.av.byte_source import ByteSource
from mememime_proxy.av.film_facts import decode_facts, encode_facts
from mememime_proxy.av.films import FilmReader
from mememime_proxy.av.results import make
from mememime_proxy.formats.outputs import OutputKind
from mememime_proxy.plan import FilmConfig, Plan
from mememime_proxy.variant import Variant
from mememime_proxy.workers.child.worker import PartialOperation, PartialOriginal


def operations(config: FilmConfig, watermark: bytes | None = None) -> dict[str, PartialOperation]:
    """Return the operations by name, prepared for fork.

    ``frame``: the frame that a plan names, as a picture, or all frames of an animated one. ``film_info``: the
    description of a film or sound, in JSON. ``media``: any other result of a film or sound.
    """
    FilmReader.prepare()
    config = replace(config, watermark=watermark)
    reader = FilmReader(config)

    @contextmanager
    def source_of(original: PartialOriginal) -> Iterator[ByteSource]:
        source = ByteSource(original.descriptor, original.size, original.need, config.max_read)
        source.facts = decode_facts(original.facts)
        yield source
        original.facts = encode_facts(source.facts)

    def frame(original: PartialOriginal, plan: Plan) -> Variant[bytes]:
        with source_of(original) as source:
            if plan.output_kind is OutputKind.ANIMATION:
                return make(source, plan, config)
            return reader.take_frame(source, plan)

    def info(original: PartialOriginal, plan: Plan) -> Variant[bytes]:
        with source_of(original) as source:
            return Variant("json", body=msgspec.json.encode(reader.describe(source, plan)))

    def media(original: PartialOriginal, plan: Plan) -> Variant[bytes]:
        with source_of(original) as source:
            return make(source, plan, config)

    return {"frame": PartialOperation(frame), "film_info": PartialOperation(info), "media": PartialOperation(media)}
