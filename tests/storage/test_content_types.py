import os
from unittest import mock

import pytest

from mememime_proxy.storage.content_types import guess_content_type, read_content_type, write_content_type


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


@pytest.mark.parametrize("content_type", ["image/png", "image/webp", ""])
def test_content_type_written_is_read_back_and_none_means_the_one_of_the_name(tmp_path, content_type):
    with (tmp_path / "file").open("wb") as file:
        write_content_type(file.fileno(), "a.webp", content_type)
        assert read_content_type(file.fileno(), "a.webp") == (content_type or "image/webp")


def test_content_type_of_the_name_is_read_where_the_file_system_has_no_attributes(tmp_path):
    unsupported = OSError(95, "Operation not supported")
    with (
        (tmp_path / "file").open("wb") as file,
        mock.patch.object(os, "setxattr", side_effect=unsupported),
        mock.patch.object(os, "getxattr", side_effect=unsupported),
    ):
        write_content_type(file.fileno(), "a.webp", "image/png")
        assert read_content_type(file.fileno(), "a.webp") == "image/webp"
