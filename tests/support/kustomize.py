"""The part of Kustomize that our files use, in its order: resources, components, then the fields of a kustomization.

``kustomize build`` gives the same: ``tests.support.kustomize_trial`` (``make trials``) compares both.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import yaml

Manifest = dict[str, Any]
_FIELDS = {"apiVersion", "kind", "resources", "components", "patches", "images", "namespace", "labels"}


def build(folder: Path) -> list[Manifest]:
    """Return the manifests of a folder with a kustomization."""
    return _apply(folder, [])


def _apply(folder: Path, manifests: list[Manifest]) -> list[Manifest]:
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))
    assert set(kustomization) <= _FIELDS, f"fields that this does not know: {set(kustomization) - _FIELDS}"
    manifests = copy.deepcopy(manifests)
    for name in kustomization.get("resources", []):
        path = folder / name
        manifests += build(path) if path.is_dir() else _read(path)
    for name in kustomization.get("components", []):
        manifests = _apply(folder / name, manifests)
    for patch in kustomization.get("patches", []):
        _patch(manifests, patch)
    for manifest in manifests:
        if namespace := kustomization.get("namespace"):
            manifest["metadata"]["namespace"] = namespace
        for label in kustomization.get("labels", []):
            manifest["metadata"].setdefault("labels", {}).update(label["pairs"])
        for image in kustomization.get("images", []):
            _set_image(manifest, image)
    return manifests


def _read(path: Path) -> list[Manifest]:
    # As JSON: YAML's anchors make one object of several.
    documents: list[Manifest] = json.loads(json.dumps(list(yaml.safe_load_all(path.read_text("utf-8")))))
    return documents


def _patch(manifests: list[Manifest], patch: dict[str, Any]) -> None:
    target = patch["target"]
    (manifest,) = [
        each for each in manifests if (each["kind"], each["metadata"]["name"]) == (target["kind"], target["name"])
    ]
    for change in yaml.safe_load(patch["patch"]):
        assert change["op"] == "add"
        *parents, last = change["path"].strip("/").split("/")
        place = manifest
        for parent in parents:
            place = place[parent]
        place[last] = change["value"]


def _set_image(manifest: Manifest, image: dict[str, str]) -> None:
    for container in manifest.get("spec", {}).get("template", {}).get("spec", {}).get("containers", []):
        name, _, tag = container["image"].partition(":")
        if name == image["name"]:
            tag = image.get("newTag", tag)
            container["image"] = image.get("newName", name) + (f":{tag}" if tag else "")
