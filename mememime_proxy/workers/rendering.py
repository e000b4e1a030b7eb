"""The one operation of production: ``imaging``'s renderer behind the workers' interface."""

from __future__ import annotations

from mememime_proxy.descriptors import Buffer
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import Plan, RenderConfig
from mememime_proxy.workers.wire import VariantInfo
from mememime_proxy.workers.worker import Operation


def render_operation(config: RenderConfig, watermark: bytes | None) -> Operation:
    """A function that renders, prepared for fork: libraries are loaded, nothing has been computed."""
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

    return render
