"""The variants of one original: made from one decoding for each reduction that the decoder does, as requests are."""

import io
import os

import pytest
from PIL import Image, ImageFilter

from mememime_proxy.batch.model import BatchItem, UnitState
from mememime_proxy.batch.pacing import Pacer
from mememime_proxy.batch.rendering.renderer import BatchRenderer, StoreWorker
from mememime_proxy.batch.rendering.variants import RenderParameters, VariantPlanner
from mememime_proxy.settings.settings import Settings

ORIGINALS = {"JPEG": "jpg", "PNG": "png", "AVIF": "avif"}
WIDTHS = (430, 440, 450)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("originals")
    noise = Image.frombytes("RGB", (1500, 1000), os.urandom(4_500_000)).filter(ImageFilter.GaussianBlur(3))
    for format_, extension in ORIGINALS.items():
        file = io.BytesIO()
        noise.save(file, format_)
        (folder / f"a.{extension}").write_bytes(file.getvalue())
    return folder


async def test_all_variants_of_an_original_are_made_from_one_decoding(folder, tmp_path):
    settings = Settings(
        local_filesystem_root=str(folder), cache_use="fs", cache_fs_root=str(tmp_path), workers=2, timeout=100
    )
    parameters = RenderParameters(options=tuple(f"w:{width}" for width in WIDTHS), formats=("jpg", "webp"))
    planner = VariantPlanner(settings, parameters)
    items = [BatchItem(f"local:///a.{extension}", changed=1.0) for extension in ORIGINALS.values()]
    decodings = []
    async with BatchRenderer(settings).opened() as renderer:
        run = renderer.pool.run

        async def count(*arguments, **options):
            result = await run(*arguments, **options)
            decodings.append(not result.decoded.is_given)
            return result

        renderer.pool.run = count
        worker = StoreWorker(renderer, planner, Pacer(), items)
        for item in items:
            outcomes = await worker.process(item)
            assert [(outcome.state, outcome.error) for outcome in outcomes] == [(UnitState.DONE, None)] * 2 * len(
                WIDTHS
            )
            # The very first one too: it knows that others come.
            assert decodings == [True, *[False] * (2 * len(WIDTHS) - 1)], item
            decodings.clear()
            assert renderer._proxy.caches.pixels.used == 0  # its last row has ended
        again = await worker.process(items[0])
        assert {outcome.state for outcome in again} == {UnitState.SKIPPED}
        await worker.close()
    assert not decodings
