"""An example project of Django on both services: upload, pages, focal point in the administration, deletion."""

from __future__ import annotations

import asyncio
import html
import re
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.support.console_visit import SAMPLES, site
from tests.support.proxy_process import KEY, SALT
from tests.support.waiting import wait_until

django = pytest.importorskip("django")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with site(tmp_path_factory.mktemp("django")) as running:
        yield running


@pytest.fixture(scope="module")
def client(place, tmp_path_factory):
    from django.conf import settings

    key = place.resources.request("POST", "/keys", {"role": "write", "prefix": "django/"}).json["key"]
    settings.configure(
        SECRET_KEY="of tests",
        ALLOWED_HOSTS=["testserver"],
        ROOT_URLCONF="tests.contrib.gallery.urls",
        INSTALLED_APPS=[
            "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.messages",
            "django.contrib.sessions", "django.contrib.staticfiles", "mememime_proxy.contrib.django",
            "tests.contrib.gallery",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        TEMPLATES=[{
            "BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
            "OPTIONS": {"context_processors": [
                "django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]},
        }],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3",
                               "NAME": str(tmp_path_factory.mktemp("site") / "site.sqlite")}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        STATIC_URL="/static/",
        USE_TZ=True,
        STORAGES={
            "default": {"BACKEND": "mememime_proxy.contrib.django.storage.MememimeStorage"},
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        },
        MEMEMIME={"PROXY_URL": place.proxy.base, "KEY": KEY, "SALT": SALT, "RESOURCES_URL": place.resources.base,
                  "API_KEY": key, "PREFIX": "django/"},
    )  # fmt: skip
    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.db import connections
    from django.test import Client

    call_command("migrate", run_syncdb=True, verbosity=0)
    User.objects.create_superuser("admin", password="admin")
    found = Client()
    found.login(username="admin", password="admin")
    yield found
    connections.close_all()


def fetch(url, accept="*/*"):
    with urlopen(Request(html.unescape(url), headers={"Accept": accept})) as response:
        return response.headers["Content-Type"], response.read()


@pytest.fixture
def photograph(client):
    with (SAMPLES / "rocket.jpg").open("rb") as file:
        assert client.post("/", {"title": "A <rocket>", "image": file}).status_code == 302
    from tests.contrib.gallery.models import Photograph

    yield Photograph.objects.latest("pk")
    Photograph.objects.all().delete()


def test_page_shows_what_was_uploaded(client, place, photograph):
    name = f"django/{photograph.image.name}"
    assert name.startswith("django/photographs/rocket")
    assert place.resources.request("GET", f"/aliases/{name}").status == 200
    page = client.get("/").content.decode()
    assert 'alt="A &lt;rocket&gt;"' in page
    sets = re.findall(r'srcset="([^"]+)"', page)
    urls = [each.strip().split()[0] for found in sets for each in found.split(",")]
    assert len(urls) == 3 * 2 + 2
    types = [fetch(url)[0] for url in urls]
    assert types == ["image/avif"] * 2 + ["image/webp"] * 2 + ["image/jpeg"] * 4
    assert fetch(re.search(r'href="([^"]+)"', page)[1])[0] == "image/jpeg"
    assert fetch(photograph.image.url)[0] == "image/jpeg"
    assert (photograph.image.width, photograph.image.height) == (640, 427)
    assert photograph.image.open().read() == (SAMPLES / "rocket.jpg").read_bytes()
    assert photograph.image.size == (SAMPLES / "rocket.jpg").stat().st_size


def test_same_name_twice_is_two_pictures(client, photograph):
    from django.core.files.uploadedfile import SimpleUploadedFile

    image = SimpleUploadedFile("rocket.jpg", (SAMPLES / "coffee.jpg").read_bytes())
    client.post("/", {"title": "other", "image": image})
    from tests.contrib.gallery.models import Photograph

    assert len({each.image.name for each in Photograph.objects.all()}) == 2


def test_focal_point_of_the_administration_changes_crops(client, place, photograph):
    path = f"/admin/gallery/photograph/{photograph.pk}/change/"
    form = client.get(path).content.decode()
    assert "focal_point.js" in form
    preview = re.search(r'data-focal-point><img src="([^"]+)"', form)[1]
    assert fetch(preview)[0] == "image/jpeg"
    from mememime_proxy.contrib.django.apps import image_site

    url = image_site().image_url(photograph.image, "rs:fill:40:160", "png")
    before = fetch(url)[1]
    answer = client.post(path, {"title": "moved", "image": "", "image-focal": "0.9,0.2"})
    assert answer.status_code == 302, answer.content.decode()
    alias = place.resources.request("GET", f"/aliases/django/{photograph.image.name}").json
    assert alias["focal"] == {"x": 0.9, "y": 0.2}
    asyncio.run(wait_until(lambda: fetch(url)[1] != before))  # the purge is under way
    for wrong in ("2,0", "x", "0.1"):
        client.post(path, {"title": "moved", "image": "", "image-focal": wrong})
    assert place.resources.request("GET", f"/aliases/django/{photograph.image.name}").json["focal"]["x"] == 0.9


def test_deleted_picture_is_gone(client, place, photograph):
    name, url = photograph.image.name, photograph.image.url
    assert client.post(f"/delete/{photograph.pk}").status_code == 204
    assert place.resources.request("GET", f"/aliases/django/{name}").status == 404
    with pytest.raises(HTTPError, match="404"):
        fetch(url)


def test_refusal_of_the_service_is_its_own_sentence(client):
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage

    from mememime_proxy.contrib.assets_client import ServiceError

    with pytest.raises(ServiceError, match="image") as error:
        default_storage.save("photographs/no.jpg", ContentFile(b"no picture"))
    assert error.value.status == 422
    with pytest.raises(FileNotFoundError):
        default_storage.size("photographs/nothing.jpg")
