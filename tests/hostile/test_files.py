"""Each hostile file once through a running proxy with its defaults. Large legal ones are in ``make trials``.

The bars are CPU time of the whole tree and private memory of a worker: they hold on a busy machine, too.
"""

from __future__ import annotations

import pytest

from tests.hostile.catalogue import FILES
from tests.hostile.meter import Outcome, estimate, fault, meter
from tests.hostile.records import MIB

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with meter(tmp_path_factory.mktemp("hostile")) as found:
        yield found


def beyond_the_bar(running, *rows):
    records = [record for record in FILES.values() if record.row in rows and not record.legal]
    assert records
    return {record.name: wrong for record in records if (wrong := fault(record, running.request(record)))}


def test_c1_headers_that_claim_too_much(running):
    assert not beyond_the_bar(running, "C1")


def test_c2_texts_that_inflate(running):
    assert not beyond_the_bar(running, "C2")


def test_c3_jpeg_of_many_scans_and_tables(running):
    assert not beyond_the_bar(running, "C3")


def test_c4_webp_and_avif_of_the_largest_size(running):
    assert not beyond_the_bar(running, "C4")


def test_c5_coefficients_of_a_whole_picture(running):
    assert not beyond_the_bar(running, "C5")


def test_c6_many_frames(running):
    assert not beyond_the_bar(running, "C6")


def test_c7_drawings_of_many_elements(running):
    assert not beyond_the_bar(running, "C7")


def test_c16_colour_profiles(running):
    assert not beyond_the_bar(running, "C16")


def test_c18_tiff_of_many_parts(running):
    assert not beyond_the_bar(running, "C18")


def test_c20_documents(running):
    assert not beyond_the_bar(running, "C20")


def test_c21_merged_pictures(running):
    assert not beyond_the_bar(running, "C21")


def test_h2_exif_that_refers_to_itself(running):
    assert not beyond_the_bar(running, "H2")


def test_h3_itxt_that_hides_its_text(running):
    assert not beyond_the_bar(running, "H3")


def test_h4_heif_of_many_references(running):
    assert not beyond_the_bar(running, "H4")


def test_h6_drawings_within_the_limits(running):
    assert not beyond_the_bar(running, "H6")


def test_h8_webp_of_many_frames(running):
    assert not beyond_the_bar(running, "H8")


def test_h11_icons_bitmaps_and_layers(running):
    assert not beyond_the_bar(running, "H11")


def test_h11_layers_that_the_gate_cannot_count_end_with_the_grant(running):
    """A profile lies in front of the frames, and only decoding it tells where they begin. Others are served then."""
    hidden = running.request(FILES["jxl-layers-profile"])
    assert (hidden.status, "image.too_costly" in hidden.text) == (422, True)
    assert hidden.cpu < FILES["jxl-layers-profile"].cpu
    assert running.request(FILES["jxl-layers-few"]).status == 200


def test_plan_of_a_large_legal_picture_is_answered_within_its_estimate(running):
    record = FILES["plan-blur-million"].sized(1200)
    assert not fault(record, running.request(record))


def test_a_fault_is_found():
    record = FILES["exif-self-pointers-jpeg"]
    assert not fault(record, Outcome(422, 1.9, 500 * MIB, 1.0, ""))
    assert "status 500" in fault(record, Outcome(500, 0.1, 0, 1.0, "x"))
    assert "CPU" in fault(record, Outcome(200, 2.1, 0, 3.0, ""))
    assert "MiB" in fault(record, Outcome(200, 0.1, 600 * MIB, 3.0, ""))


def test_estimate_of_a_large_picture_exceeds_that_of_a_small_one():
    record = FILES["legal-png-noise-16"]
    large, small = estimate(record.sized(1500)), estimate(record.sized(150))
    assert large.cpu > small.cpu
    assert estimate(FILES["solid-webp-16383"]) is None
