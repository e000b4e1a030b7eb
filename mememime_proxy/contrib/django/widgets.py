"""The focal point in forms: the picture, and a point on it that is dragged or moved by keys."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django.contrib.admin.widgets import AdminFileWidget
from django.db.models import ImageField

from mememime_proxy.contrib.django.storage import MememimeStorage

_PREVIEW: Final = "rs:fit:480:480"
SUFFIX: Final = "-focal"
"""Of the form's field with the focal point, behind the name of the file's."""


class FocalPointWidget(AdminFileWidget):
    """A file field that shows its picture with the focal point. ``FocalPointAdmin`` saves it."""

    template_name = "mememime/focal_point.html"

    class Media:
        """Files of the widget; the script needs no inline code."""

        css = {"all": ("mememime/focal_point.css",)}  # noqa: RUF012 - Django's own form
        js = ("mememime/focal_point.js",)

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Return what the template needs."""
        context: dict[str, Any] = super().get_context(name, value, attrs)
        storage = getattr(value, "storage", None)
        if value and isinstance(storage, MememimeStorage):
            x, y = storage.focal(value.name) or (0.5, 0.5)
            context["focal"] = {"name": f"{name}{SUFFIX}", "value": f"{x},{y}", "x": 100 * x, "y": 100 * y,
                                "url": storage.site.image_url(value, _PREVIEW)}  # fmt: skip
        return context


class FocalPointAdmin:
    """Mix-in of a ModelAdmin: image fields have the widget, and what it sends is saved with the object."""

    formfield_overrides: ClassVar[Any] = {ImageField: {"widget": FocalPointWidget}}

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        """Save the object, then the focal points of pictures that are the same as before."""
        super().save_model(request, obj, form, change)  # type: ignore[misc]
        for field in obj._meta.fields:
            text = request.POST.get(f"{form.add_prefix(field.name)}{SUFFIX}", "")
            file = getattr(obj, field.name) if text else None
            if file and field.name not in form.changed_data and isinstance(file.storage, MememimeStorage):
                point = _point(text)
                if point is not None and point != (file.storage.focal(file.name) or (0.5, 0.5)):
                    file.storage.set_focal(file.name, *point)


def _point(text: str) -> tuple[float, float] | None:
    try:
        x, y = (float(each) for each in text.split(","))
    except ValueError:
        return None
    return (x, y) if 0 <= x <= 1 and 0 <= y <= 1 else None
