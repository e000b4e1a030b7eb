"""What workers do in production: ``imaging`` behind the workers' interface."""

from __future__ import annotations

import msgspec

from mememime_proxy.imaging.analysis.inspection import inspect
from mememime_proxy.imaging.analysis.repack import repack
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.memfd import Buffer
from mememime_proxy.plan import Plan, RenderConfig
from mememime_proxy.workers.child.worker import Operation
from mememime_proxy.workers.wire import VariantInfo


def production(config: RenderConfig, watermark: bytes | None) -> dict[str, Operation]:
    """The operations by name, prepared for fork: libraries are loaded, nothing has been computed.

    ``render``: the variant of a plan. ``inspect``: all of the original is decoded; the result is ``facts.Facts`` in
    MessagePack. ``repack``: the original in fewer bytes, or nothing. The latter two go by the plan's limits alone.
    """
    Renderer.prepare()
    renderer = Renderer(config, watermark)

    def render(data: Buffer, plan: Plan, _argument: str) -> tuple[VariantInfo, Buffer]:
        variant = renderer.render(data, plan)
        info = VariantInfo(
            format=variant.format,
            width=variant.width,
            height=variant.height,
            source_format=variant.source_format,
            source_width=variant.source_width,
            source_height=variant.source_height,
            pages=variant.pages,
            rendered=variant.rendered,
        )
        return info, variant.body

    def look(data: Buffer, plan: Plan, _argument: str) -> tuple[VariantInfo, Buffer]:
        return VariantInfo(), msgspec.msgpack.encode(inspect(data, plan.limits, config))

    def pack(data: Buffer, plan: Plan, _argument: str) -> tuple[VariantInfo, Buffer]:
        return VariantInfo(), repack(data, plan.limits, config)

    return {"render": render, "inspect": look, "repack": pack}
