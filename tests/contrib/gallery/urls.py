"""Pages: upload, list, delete, administration."""

from django.contrib import admin
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path

from mememime_proxy.contrib.django.widgets import FocalPointAdmin
from tests.contrib.gallery.models import Photograph


@admin.register(Photograph)
class PhotographAdmin(FocalPointAdmin, admin.ModelAdmin):
    """With the focal point."""


def photographs(request):
    if request.method == "POST":
        Photograph.objects.create(title=request.POST["title"], image=request.FILES["image"])
        return redirect("/")
    return render(request, "gallery/list.html", {"photographs": Photograph.objects.all()})


def delete(_request, number):
    photograph = get_object_or_404(Photograph, pk=number)
    photograph.image.delete(save=False)
    photograph.delete()
    return HttpResponse(status=204)


urlpatterns = [path("", photographs), path("delete/<int:number>", delete), path("admin/", admin.site.urls)]
