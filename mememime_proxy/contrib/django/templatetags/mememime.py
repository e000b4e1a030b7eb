"""``{% load mememime %}``: ``picture`` as a tag, ``image_url`` and ``srcset`` as filters."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

from mememime_proxy.contrib.django.apps import image_site

register = template.Library()


@register.simple_tag
def picture(source: Any, **attributes: str) -> SafeString:
    """Return a ``<picture>``: ``{% picture photo.image widths="320 640" sizes="100vw" alt=photo.title %}``."""
    return mark_safe(image_site().picture(source, **attributes))  # noqa: S308 - all its texts are escaped


@register.filter
def image_url(source: Any, options: str = "") -> str:
    """Return a signed URL: ``{{ photo.image|image_url:"rs:fill:300:200" }}``."""
    return image_site().image_url(source, options)


@register.filter
def srcset(source: Any, widths: str) -> str:
    """Return the value of ``srcset``: ``{{ photo.image|srcset:"320 640" }}``."""
    return image_site().srcset(source, widths)
