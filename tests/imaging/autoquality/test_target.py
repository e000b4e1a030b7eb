"""Targets: what of a URL, the settings and the method counts."""

from dataclasses import replace

import pytest

from mememime_proxy.formats.output_plan import Autoquality
from mememime_proxy.imaging.autoquality.target import QualityTarget, target_for, with_encoder
from mememime_proxy.plan import Plan, RenderConfig

SET = RenderConfig(
    autoquality_method="dssim",
    autoquality_target=0.03,
    autoquality_min=50,
    autoquality_format_min={"webp": 55},
    autoquality_max=90,
    autoquality_format_max={"avif": 75},
    autoquality_allowed_error=0.001,
)


def plan(method="", *values, **more):
    return Plan(autoquality=Autoquality(method, *values), **more)


@pytest.mark.parametrize(
    ("name", "asked", "config", "target"),
    [
        ("jpeg", plan("ssim2"), RenderConfig(), QualityTarget("ssim2", 70, 40, 92, 2)),
        ("avif", plan("ssim2", 80, 0, 60, 1), RenderConfig(), QualityTarget("ssim2", 80, 40, 60, 1)),
        ("jpeg", plan("dssim"), RenderConfig(), QualityTarget("dssim", 0.02, 70, 80, 0.002)),
        ("avif", plan("dssim"), RenderConfig(), QualityTarget("dssim", 0.02, 60, 65, 0.002)),
        ("webp", plan("ml", 0.01, 20, 30, 1), RenderConfig(), QualityTarget("ml", 0.01, 20, 30, 1)),
        ("webp", plan("ml", 75), RenderConfig(), QualityTarget("ml", 75, 40, 92, 2)),
        ("jpeg", plan("size", 9000, 90, 10), RenderConfig(), QualityTarget("size", 9000, 10, 10, 0.002)),
        ("jpeg", plan(), SET, QualityTarget("dssim", 0.03, 50, 90, 0.001)),
        ("webp", plan(), SET, QualityTarget("dssim", 0.03, 55, 90, 0.001)),
        ("avif", plan("", 0.04, 60), SET, QualityTarget("dssim", 0.04, 60, 75, 0.001)),
        ("jxl", plan("ssim2"), SET, QualityTarget("ssim2", 70, 50, 90, 2)),
    ],
)
def test_target_is_of_the_url_then_of_the_settings_then_of_the_method(name, asked, config, target):
    assert target_for(name, asked, config, 1000) == target


@pytest.mark.parametrize(
    ("name", "asked", "config"),
    [
        ("jpeg", plan(), RenderConfig()),
        ("jpeg", plan("none"), SET),
        ("png", plan("ssim2"), RenderConfig()),
        ("jpeg", plan("ssim2", quality=80), RenderConfig()),
        ("avif", plan("ssim2", format_quality=(("avif", 60),)), RenderConfig()),
        ("webp", plan("ssim2"), RenderConfig(webp_compression="near_lossless")),
        ("jpeg", plan("ssim2"), RenderConfig(autoquality_max_resolution=999)),
        ("jpeg", plan("size"), SET),
    ],
)
def test_nothing_is_searched_for(name, asked, config):
    assert target_for(name, asked, config, 1000) is None


def test_encodes_are_bounded_and_a_prediction_is_one():
    assert [QualityTarget(method, 0.02, 1, 2, 0.002).max_encodes for method in ("size", "dssim", "ml")] == [7, 3, 3]
    assert QualityTarget("ml", 0.02, 1, 2, 1).max_encodes == 1


def test_score_is_searched_for_with_the_encoder_of_the_smallest_jpeg():
    target = QualityTarget("ssim2", 70, 40, 92, 2)
    assert with_encoder(RenderConfig(), target).jpeg_encoder == "jpegli"
    for other in (None, replace(target, method="dssim")):
        assert with_encoder(RenderConfig(), other) == RenderConfig()
