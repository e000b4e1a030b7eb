"""The operations of workers in production: ``imaging`` behind the workers' interface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from mememime_proxy.cost import Approve
from mememime_proxy.decoded import LoadedPixels, LoadKey
from mememime_proxy.formats.output_rules import NOBODY, SigningIdentity
from mememime_proxy.imaging.analysis.inspection import inspect
from mememime_proxy.imaging.analysis.repack import preload, repack
from mememime_proxy.imaging.autoquality import search
from mememime_proxy.imaging.codecs.jpeg import jpegli
from mememime_proxy.imaging.description.document import describe
from mememime_proxy.imaging.detection import detector
from mememime_proxy.imaging.effects.text import has_fonts, use_fonts
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.imaging.pixels.exchange import PixelExchange
from mememime_proxy.imaging.provenance import library as provenance
from mememime_proxy.imaging.provenance.signing import Sign
from mememime_proxy.memfd import Buffer
from mememime_proxy.plan import Plan, RenderConfig
from mememime_proxy.variant import Variant
from mememime_proxy.workers.child.worker import Operation


class _Render:
    """The operation ``render``."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer

    def __call__(self, data: Buffer, plan: Plan, _argument: str, approve: Approve, /) -> Variant[Buffer]:
        """See ``worker.Operation``."""
        return self._renderer.render(data, plan, approve)

    def with_pixels(
        self,
        data: Buffer,
        plan: Plan,
        approve: Approve,
        given: Mapping[LoadKey, int],
        file: int,
        limit: int,
        pictures: Sequence[Buffer],
        sign: Sign,
    ) -> tuple[Variant[Buffer], LoadedPixels | None]:
        """See ``worker.PixelOperation``."""
        pixels = PixelExchange(given, file, limit)
        renderer = self._renderer.with_pictures(plan, pictures) if pictures else self._renderer
        variant = renderer.signed_by(sign).render(data, plan, approve, pixels)
        return variant, None if variant.damage else pixels.decoded


def production(
    config: RenderConfig, watermark: bytes | None, fonts_dir: str = "", identity: SigningIdentity = NOBODY
) -> dict[str, Operation]:
    """Return the operations by name, prepared for fork: libraries and nets are loaded, nothing has been computed.

    ``render``: the variant of a plan. ``inspect``: all of the original is decoded; the result is ``facts.Facts`` in
    MessagePack. ``repack``: the original in fewer bytes, or nothing. These two go by the plan's limits alone. ``info``:
    the description of the original, in JSON; its argument is the size of a file of which only the first bytes came.
    ``fonts``: nothing where there are no fonts; no original is read.
    """
    Renderer.prepare()
    use_fonts(fonts_dir)
    preload()
    detector.preload(config.detection, config.classification)
    jpegli.preload()
    search.preload()
    provenance.preload()
    render = _Render(Renderer(config, watermark, identity))

    def look(data: Buffer, plan: Plan, _argument: str, approve: Approve) -> Variant[Buffer]:
        return Variant(body=msgspec.msgpack.encode(inspect(data, plan.limits, config, approve)))

    def pack(data: Buffer, plan: Plan, _argument: str, approve: Approve) -> Variant[Buffer]:
        return Variant(body=repack(data, plan.limits, config, approve))

    def info(data: Buffer, plan: Plan, argument: str, approve: Approve) -> Variant[Buffer]:
        document = describe(data, plan, config, approve, file_size=int(argument or 0), identity=identity)
        return Variant("json", body=msgspec.json.encode(document))

    def fonts(_data: Buffer, _plan: Plan, _argument: str, _approve: Approve) -> Variant[Buffer]:
        return Variant(body=b"yes" if has_fonts() else b"")

    return {"render": render, "inspect": look, "repack": pack, "info": info, "fonts": fonts}
