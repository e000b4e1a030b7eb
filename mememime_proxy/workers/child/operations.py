"""The operations of workers in production: ``imaging`` behind the workers' interface."""

from __future__ import annotations

import msgspec

from mememime_proxy.imaging.analysis.inspection import inspect
from mememime_proxy.imaging.analysis.repack import preload, repack
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.memfd import Buffer
from mememime_proxy.plan import Plan, RenderConfig
from mememime_proxy.variant import Variant
from mememime_proxy.workers.child.worker import Operation


def production(config: RenderConfig, watermark: bytes | None) -> dict[str, Operation]:
    """Return the operations by name, prepared for fork: libraries are loaded, nothing has been computed.

    ``render``: the variant of a plan. ``inspect``: all of the original is decoded; the result is ``facts.Facts`` in
    MessagePack. ``repack``: the original in fewer bytes, or nothing. The latter two go by the plan's limits alone.
    """
    Renderer.prepare()
    preload()
    renderer = Renderer(config, watermark)

    def render(data: Buffer, plan: Plan, _argument: str) -> Variant[Buffer]:
        return renderer.render(data, plan)

    def look(data: Buffer, plan: Plan, _argument: str) -> Variant[Buffer]:
        return Variant(body=msgspec.msgpack.encode(inspect(data, plan.limits, config)))

    def pack(data: Buffer, plan: Plan, _argument: str) -> Variant[Buffer]:
        return Variant(body=repack(data, plan.limits, config))

    return {"render": render, "inspect": look, "repack": pack}
