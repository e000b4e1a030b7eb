"""A photograph."""

from django.db import models


class Photograph(models.Model):
    """One with a title."""

    title = models.CharField(max_length=100)
    image = models.ImageField(upload_to="photographs/")

    class Meta:
        app_label = "gallery"
