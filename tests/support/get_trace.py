"""One GET of an original in S3 that no cache has, traced: real SeaweedFS, real workers, the proxy in this process."""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path

import aiohttp
import pyvips
import structlog

from mememime_proxy.proxy.app import Proxy
from mememime_proxy.settings.settings import load
from mememime_proxy.urls import UrlBuilder
from tests.support.call_trace import CallTrace
from tests.support.s3_server import S3Server

_KEY, _SALT = "6b" * 32, "73" * 32


async def trace() -> CallTrace:
    """Return the calls of one GET of an original so small that it arrives in one piece.

    Another one was asked for before: connections are open, lazy imports are done.
    """
    with tempfile.TemporaryDirectory() as folder, S3Server(Path(folder)) as s3_server:
        bucket = s3_server.create_bucket()
        image = pyvips.Image.gaussnoise(64, 48).cast("uchar").jpegsave_buffer()
        for name in ("warm.jpg", "cold.jpg"):
            s3_server.client().put_object(Bucket=bucket, Key=name, Body=image, ContentType="image/jpeg")
        os.environ |= {"AWS_ACCESS_KEY_ID": s3_server.access_key, "AWS_SECRET_ACCESS_KEY": s3_server.secret_key}
        return await _trace(bucket, s3_server.endpoint)


async def _trace(bucket: str, endpoint: str) -> CallTrace:
    variables = {
        "BIND": "127.0.0.1:0",
        "KEY": _KEY,
        "SALT": _SALT,
        "USE_S3": "1",
        "S3_ENDPOINT": endpoint,
        "S3_ALLOWED_BUCKETS": bucket,
        "WORKERS": "1",
    }
    logs = structlog.get_config()
    # A timer writes the access log: without its lines, nothing depends on when that is.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    proxy = Proxy(load({f"MEMEMIME_{name}": value for name, value in variables.items()}))
    await proxy.start()
    try:
        url = UrlBuilder(f"http://{proxy.addresses[0]}", key=_KEY, salt=_SALT).resize("fit", 300, 200).format("webp")
        async with aiohttp.ClientSession(raise_for_status=True) as client:
            async with client.get(url.build(f"s3://{bucket}/warm.jpg")) as response:
                await response.read()
            cold = url.build(f"s3://{bucket}/cold.jpg")
            with CallTrace() as calls:
                async with client.get(cold) as response:
                    await response.read()
            return calls
    finally:
        await proxy.stop()
        structlog.configure(**logs)
