"""The operations of workers that read films: ``av`` behind the workers' interface."""

from __future__ import annotations

import msgspec

from mememime_proxy.av.byte_source import ByteSource
from mememime_proxy.av.films import FilmReader
from mememime_proxy.av.results import make
from mememime_proxy.plan import FilmConfig, Plan
from mememime_proxy.variant import Variant
from mememime_proxy.workers.child.worker import PartialOperation, PartialOriginal


def operations(config: FilmConfig) -> dict[str, PartialOperation]:
    """Return the operations by name, prepared for fork.

    ``frame``: the frame that a plan names, as a picture. ``film_info``: the description of a film or sound, in JSON.
    ``media``: any other result of a film or sound.
    """
    FilmReader.prepare()
    reader = FilmReader(config)

    def source_of(original: PartialOriginal) -> ByteSource:
        return ByteSource(original.descriptor, original.size, original.need, config.max_read)

    def frame(original: PartialOriginal, plan: Plan) -> Variant[bytes]:
        return reader.take_frame(source_of(original), plan)

    def info(original: PartialOriginal, plan: Plan) -> Variant[bytes]:
        return Variant("json", body=msgspec.json.encode(reader.describe(source_of(original), plan)))

    def media(original: PartialOriginal, plan: Plan) -> Variant[bytes]:
        return make(source_of(original), plan, config)

    return {"frame": PartialOperation(frame), "film_info": PartialOperation(info), "media": PartialOperation(media)}
