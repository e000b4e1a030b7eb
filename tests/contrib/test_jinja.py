"""Functions of templates, the extension of Flask, and tokens for FastAPI."""

from __future__ import annotations

import pytest

from mememime_proxy.contrib.fastapi import UploadTokenDependency
from mememime_proxy.contrib.flask import Mememime
from mememime_proxy.contrib.image_site import ImageSite
from mememime_proxy.contrib.jinja import template_globals
from mememime_proxy.urls import UrlBuilder
from tests.support.numbered_png import numbered_png
from tests.support.resource_process import ResourceProcess

KEY, SALT = "ab" * 32, "cd" * 32
SETTINGS = {"PROXY_URL": "https://images.example", "KEY": KEY, "SALT": SALT, "PREFIX": "shop/", "OPTIONS": "q:70"}


def test_templates_have_signed_urls_and_escaped_html():
    jinja2 = pytest.importorskip("jinja2")
    environment = jinja2.Environment(autoescape=True)
    environment.globals.update(template_globals(ImageSite(SETTINGS)))
    builder = UrlBuilder("https://images.example", KEY, SALT).option("q", 70)
    text = environment.from_string("{{ image_url('cup', 'rs:fill:30:20') }}").render()
    assert text == builder.option("rs", "fill", 30, 20).build("alias://shop/cup")
    assert environment.from_string("{{ image_url('https://a.example/b.jpg') }}").render() == builder.build(
        "https://a.example/b.jpg"
    )
    page = environment.from_string("{{ picture('cup', widths='10 20', sizes='1vw', alt=text) }}").render(text="<b>")
    assert page.startswith("<picture><source")
    assert 'alt="&lt;b&gt;"' in page
    assert " 20w" in environment.from_string("{{ srcset('cup', [10, 20]) }}").render()


def test_flask_extension_registers_the_site():
    flask = pytest.importorskip("flask")
    app = flask.Flask(__name__)
    app.config["MEMEMIME"] = SETTINGS
    Mememime(app)
    with app.test_request_context():
        assert "/q:70/" in flask.render_template_string("{{ image_url('cup') }}")
    assert isinstance(app.extensions["mememime"], ImageSite)


@pytest.mark.parametrize("wrong", [{"COLOUR": 1}, {"RESOURCES_URL": "ftp://x"}])
def test_wrong_setting_is_named(wrong):
    with pytest.raises(ValueError, match=r"COLOUR|http://host:port"):
        ImageSite(SETTINGS | wrong).assets.alias("x")


def test_upload_token_is_that_of_the_service(tmp_path):
    with ResourceProcess(tmp_path) as service:
        key = service.request("POST", "/keys", {"role": "write"}).json["key"]
        site = ImageSite(SETTINGS | {"RESOURCES_URL": service.base, "API_KEY": key})
        token = UploadTokenDependency(site, prefix="shop/", max_size=1_000_000)()
        body = numbered_png(3)
        assert service.request("PUT", "/assets?alias=shop/a", body, key=token["token"]).status == 201
        assert service.request("PUT", "/assets?alias=other/a", body, key=token["token"]).status == 403
        assert site.assets.alias("shop/none") is None
