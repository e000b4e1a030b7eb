"""The operations of workers that read films: ``av`` behind the workers' interface."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import msgspec

from mememime_proxy.av.byte_source import ByteSource
from mememime_proxy.av.film_facts import decode_facts, encode_facts
from mememime_proxy.av.films import FilmReader
from mememime_proxy.av.inspection import inspect_film, measure_loudness
from mememime_proxy.av.results import make
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.formats.outputs import OutputKind
from mememime_proxy.plan import Plan
from mememime_proxy.variant import Variant
from mememime_proxy.workers.child.worker import PartialOperation, PartialOriginal


def operations(config: FilmConfig, watermark: bytes | None = None) -> dict[str, PartialOperation]:
    """Return the operations by name, prepared for fork.

    ``frame``: the frame that a plan names, as a picture, or all frames of an animated one. ``film_info``: the
    description of a film or sound, in JSON. ``film_facts``: what is kept of an uploaded one, in MessagePack.
    ``film_loudness``: nothing but its facts, with the loudness of the default track. ``media``: any other result of a
    film or sound.
    """
    FilmReader.prepare()
    config = replace(config, watermark=watermark)
    reader = FilmReader(config)

    @contextmanager
    def source_of(original: PartialOriginal) -> Iterator[ByteSource]:
        source = ByteSource(original.descriptor, original.size, original.need, config.max_read)
        source.facts = known = decode_facts(original.facts)
        yield source
        # What the job came with is known to whoever sent it.
        original.facts = encode_facts(source.facts) if source.facts is not known else b""

    def frame(original: PartialOriginal, plan: Plan) -> Variant[bytes]:
        with source_of(original) as source:
            if plan.output_kind is OutputKind.ANIMATION:
                return make(source, plan, config)
            return reader.take_frame(source, plan)

    def info(original: PartialOriginal, plan: Plan) -> Variant[bytes]:
        with source_of(original) as source:
            return Variant("json", body=msgspec.json.encode(reader.describe(source, plan)))

    def look(original: PartialOriginal, _plan: Plan) -> Variant[bytes]:
        with source_of(original) as source:
            return Variant(body=msgspec.msgpack.encode(inspect_film(source, config)))

    def loudness(original: PartialOriginal, _plan: Plan) -> Variant[bytes]:
        with source_of(original) as source:
            measure_loudness(source, config)
            return Variant()

    def media(original: PartialOriginal, plan: Plan) -> Variant[bytes]:
        with source_of(original) as source:
            return make(source, plan, config)

    table = {"frame": frame, "film_info": info, "film_facts": look, "film_loudness": loudness, "media": media}
    return {name: PartialOperation(operation) for name, operation in table.items()}
