"""Programs that were written for imgproxy get what they expect: Supabase Storage and Nuxt Image.

Facts about them are data here: the settings that Supabase starts imgproxy with and the texts by which it sorts an error
(Apache-2.0), and signed paths with the published key of Nuxt Image's tests (MIT, Copyright (c) Nuxt Team).
"""

import asyncio
import io
import re

import pytest
from PIL import Image

from tests.support.proxy_process import ProxyProcess

SUPABASE = {
    "IMGPROXY_WRITE_TIMEOUT": "20",
    "IMGPROXY_READ_TIMEOUT": "20",
    "IMGPROXY_REQUESTS_QUEUE_SIZE": "24",
    "IMGPROXY_USE_ETAG": "true",
    "IMGPROXY_ENABLE_WEBP_DETECTION": "true",
    "IMGPROXY_ALLOW_SECURITY_OPTIONS": "true",
    "IMGPROXY_PRESETS": "default=width:3000/height:8192",
    "IMGPROXY_FORMAT_QUALITY": "jpeg=80,avif=62,webp=80",
    "IMGPROXY_MAX_SRC_RESOLUTION": "50",
    "IMGPROXY_MAX_SRC_FILE_SIZE": "3000000",
}
BROKEN = re.compile(
    r"Image is not compatible with\b|Source image type not supported|invalid TIFF format:|XML parse error:"
    r"|\AInvalid source image\Z|\ABroken or unsupported image\Z|Source image resolution is too big"
    r"|Source image frame resolution is too big|Source image file is too big"
)
"""Errors that become 400: the original is at fault."""
MISSING = re.compile(
    r"\A(?:Source image is unreachable|Source is unreachable|Invalid URL|Invalid source|Forbidden|Not found"
    r"|Too many requests|Timeout)\Z|Can't download source image\b"
)
"""Errors that keep their status."""


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    folder = tmp_path_factory.mktemp("originals")
    image = Image.effect_noise((300, 200), 50).convert("RGB")
    image.save(folder / "good.jpg")
    image.save(folder / "moving.gif", save_all=True, append_images=[image.rotate(90), image.rotate(180)], duration=50)
    jpeg = (folder / "good.jpg").read_bytes()
    (folder / "head.jpg").write_bytes(jpeg[:20])
    (folder / "text.jpg").write_text("nothing but words")
    (folder / "brand.heic").write_bytes(b"\0\0\0\x10ftypmif1\0\0\0\0")
    (folder / "broken.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'><g></svg>")
    (folder / "page.pdf").write_bytes(b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n")
    (folder / "large.jpg").write_bytes(jpeg + b"\0" * 3_000_000)
    Image.new("L", (10_000, 5_200)).save(folder / "wide.png")
    return folder


@pytest.fixture(scope="module", params=["true", "false"], ids=["development", "production"])
def supabase(originals, tmp_path_factory, request):
    with ProxyProcess(
        tmp_path_factory.mktemp("supabase"), allow_unsigned="1", local_filesystem_root=str(originals), **SUPABASE,
        IMGPROXY_DEVELOPMENT_ERRORS_MODE=request.param,
    ) as proxy:  # fmt: skip
        yield proxy


@pytest.mark.parametrize(
    "path",
    [
        "height:1/width:1/resizing_type:fill/plain/local:///good.jpg",
        "height:100/width:100/resizing_type:fit/quality:40/format:avif/max_src_resolution:50/plain/local:///good.jpg",
        "width:100/resizing_type:force/gravity:sm/plain/local:///good.jpg",
        "width:100/resizing_type:fill/gravity:noea:10:0.5/plain/local:///good.jpg",
        "resize:fill/width:50/plain/local:///good.jpg",
        "quality:20/format:webp/plain/local:///moving.gif",
        "plain/local:///good.jpg",
    ],
)
async def test_supabase_url_gives_a_picture(client, supabase, path):
    async with client.get(f"{supabase.base}/public/{path}") as answer:
        assert answer.status == 200
        Image.open(io.BytesIO(await answer.read())).load()


@pytest.mark.parametrize(
    "name", ["text.jpg", "head.jpg", "brand.heic", "broken.svg", "page.pdf", "large.jpg", "wide.png"]
)
async def test_i10_supabase_sorts_a_bad_original_as_the_fault_of_the_original(client, supabase, name):
    async with client.get(f"{supabase.base}/public/width:10/plain/local:///{name}") as answer:
        body = await answer.text()
        assert 400 <= answer.status < 500
        assert BROKEN.search(body), body


async def test_i10_supabase_sorts_limits_of_the_url_as_the_fault_of_the_original(client, supabase):
    async with client.get(f"{supabase.base}/public/max_src_resolution:0.01/plain/local:///good.jpg") as answer:
        assert answer.status == 422
        assert BROKEN.search(await answer.text())


async def test_i10_supabase_sorts_a_missing_original_by_its_status(client, supabase):
    async with client.get(f"{supabase.base}/public/width:10/plain/local:///missing.jpg") as answer:
        body = await answer.text()
        assert answer.status == 404
        assert MISSING.search(body), body
        assert not BROKEN.search(body)


async def test_i10_supabase_wrong_option_keeps_its_status(client, supabase):
    async with client.get(f"{supabase.base}/public/resize:cover/plain/local:///good.jpg") as answer:
        body = await answer.text()
        assert answer.status == 404
        assert not BROKEN.search(body)
        assert body.startswith("Invalid URL")


async def test_i10_development_text_begins_with_the_sentence_of_imgproxy(client, originals, tmp_path):
    settings = {"allow_unsigned": "1", "local_filesystem_root": str(originals), "development_errors_mode": "1",
                "max_src_file_size": "3000000", "allowed_sources": "local://"}  # fmt: skip
    with ProxyProcess(tmp_path, **settings) as proxy:
        for path, sentence, code in (
            ("plain/local:///text.jpg", "Source image type not supported", "image.format_unknown"),
            ("plain/local:///large.jpg", "Source image file is too big", "source.too_large"),
            ("plain/local:///wide.png", "Source image resolution is too big", "image.too_large"),
            ("msr:9/plain/local:///good.jpg", "Security processing options are not allowed",
             "url.security_option_forbidden"),
            ("plain/http://example.com/x", "Source URL is not allowed", "source.forbidden"),
            ("plain/local:///none.jpg", "Can't download source image", "source.not_found"),
        ):  # fmt: skip
            async with client.get(f"{proxy.base}/_/{path}") as answer:
                first, _, rest = (await answer.text()).partition("\n")
                assert first.startswith(sentence)
                assert f"{code}: " in rest
                assert f"docs/errors.md#{code}" in rest


NUXT_KEY = "ee3b0e07dfc9ec20d5d9588a558753547a8a88c48291ae96171330daf4ce2800"
NUXT_SALT = "8dd0e39bb7b14eeaf02d49e5dc76d2bc0abd9e09d52e7049e791acd3558db68e"
NUXT_SOURCE = (
    "aHR0cHM6Ly9tYXJzLm5hc2EuZ292L3N5c3RlbS9kb3dubG9hZGFibGVfaXRlbXMvMzkwOTlfTWFycy1NUk8tb3JiaXRlci1mcmVzaC1jcmF0ZXIt"
    "c2lyZW51bS1mb3NzYWUuanBn"
)
NUXT = {
    "-Yjvn3RD2HGMMEqC4S5aJx1aNvPLbFN6AKjvV9mi4tc": "w:200/h:200/rt:fit/ex:1",
    "2xXSSBAfbLQNvlEPi-FGJZRK2pgBopC11VeJYM_gFiA": "w:200/h:200",
    "EzCQHyN_dfw3wdid1qjfSCdf6c31Z6tKkI3zE-Lckjk": "w:100/h:100/rt:fill",
    "H8yD6Q0BmkpSjNDSiofLZ2fzOjEmDMSL3h8RE8Oo3eU": "w:100/h:100/f:jpeg/rt:fit/ex:1",
    "PRtIp4f50XCCOteeXFFFFo5qncdpskphuQXqQWZOXbI": "w:200/h:200/f:jpeg/rt:fit/ex:1",
    "QNNbZATX7ZEkJIHPqdHhPVfu5UDXd4I9DnI2FW3-gLU": "w:200",
    "T4QMy0OqZQh22y1qFuvVwVb5xzB3W9Lv89jp0LAxIBg": "z:0.2:0.2",
    "UnTMGu4VEx4GJv7j7CHbocZZc1g-fi6xVRO2tlhhW_c": "rs:fit:100:100:1:1/bg:FFCC00",
    "WUlQoXFU71rFZN2s8vMUJLh4LomoByiVnrNgYaand_I": (
        "dpr:0.1/ex:1/exar:1:no:0:1/rot:180/bg:255:255:0/sh:10/pix:10/sm:1/kcr:0/scp:1/mb:10/cb:test/exp:4106340630"
        "/fn:test/bl:100"
    ),
    "WXejzmQgSgc9SrNI20nFLoaBX4fs_gJmbR-ssfwr9FU": "",
    "XPxjQfnr7MqgmPlj92qAw_90dGlTn7n8vo5ZZ7c506g": "h:200",
    "ZCQc_VbvdkTgQkqe1me6Mv0SO12gz_iO-CTxJ45mrJM": "g:noea/c:500:500/rt:fit",
    "ZbjARlwSeHhG9OG7w8igXwzvPHjzBaz3lG0kfmb77O8": "w:100/h:100/rt:fit",
    "d8sZz8HBsm-p0uaSm22y_lHDl8_U5RMGmzFsD2XYzS8": "pr:blurry",
    "l24NcKdpeyE88PPZESXTFH-_wNCbocsqLgdQiZsjCis": "w:100/h:100/mw:2000/mh:2000",
    "lSbqjZ91zpwxXdlSMswCc-L1-sD4ue2ni0iBEyYV_bU": "el:1/w:500/h:500/rt:force",
    "qC79sRaWwffPijUfzS7SXNA8YSg4Yu7GdasKJBEBiME": "w:100/h:100/rt:fit/ex:1",
    "qaTooRhF4CIcNYJRAPxuPdpr3ha5uWgD0H7y4GmeFwM": "w:100/h:100/raw:1",
    "r7UYCvCFcNbvdQT4tIsccCPDXR4TLatrZ4VLnnymH80": "ar:1",
    "uPrGTBiiJR6kaDHLszYcEfku5A2QcFJ4kbkHADd9pP8": "att:1",
    "unsafe": "w:200",
    "vf-rueQkoR79Ebq3S58MtBpEE3dEU0zUhHiv3quFUOY": "rt:fit/w:100/h:100",
}


async def test_nuxt_signed_urls_verify_and_give_pictures(client, originals, tmp_path):
    settings = {"key": NUXT_KEY, "salt": NUXT_SALT, "allow_unsigned": "1", "presets": "blurry=bl:5",
                "local_filesystem_root": str(originals)}  # fmt: skip
    rule = "https://mars.nasa.gov/system/downloadable_items/*.jpg=local:///good.jpg"
    with ProxyProcess(tmp_path, **settings, url_replacements=rule) as proxy:

        async def get(signature, options):
            path = "/".join(filter(None, (signature, options, NUXT_SOURCE)))
            async with client.get(f"{proxy.base}/{path}") as answer:
                return signature, answer.status, await answer.read()

        answers = await asyncio.gather(*(get(signature, options) for signature, options in NUXT.items()))
        assert [(signature, status) for signature, status, _ in answers if status != 200] == []
        for _, _, body in answers:
            Image.open(io.BytesIO(body)).load()
        _, status, _ = await get("PRtIp4f50XCCOteeXFFFFo5qncdpskphuQXqQWZOXbJ", "w:200/h:200/f:jpeg/rt:fit/ex:1")
        assert status == 403
