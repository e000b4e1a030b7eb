import pytest

from mememime_proxy.storage.content_types import guess_content_type


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("/a.jpg", "image/jpeg"),
        ("/a.JPEG", "image/jpeg"),
        ("/a.webp", "image/webp"),
        ("/a.avif", "image/avif"),
        ("/a.tif", "image/tiff"),
        ("/a.svg", "image/svg+xml"),
        ("/a.pdf", "application/pdf"),
        ("/a.unheard-of", "application/octet-stream"),
        ("/jpg", "application/octet-stream"),
        ("/a.b/c", "application/octet-stream"),
    ],
)
def test_content_type_is_guessed_from_the_extension(name, kind):
    assert guess_content_type(name) == kind
