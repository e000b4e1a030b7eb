"""The part of Kustomize that our files use, in its order: resources, components, then the fields of a kustomization.

``kubectl kustomize`` gives the same: ``make charts`` compares both.
"""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import yaml

Manifest = dict[str, Any]
FOLDER = Path(__file__).parents[2] / "config" / "kubernetes"
_OVERLAY = """apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: pictures
resources: [../kubernetes]
components: [../kubernetes/resources, ../kubernetes/monitoring]
images: [{name: registry.example.com/mememime, newName: ghcr.io/somebody/mememime, newTag: 9.9.9}]
"""
_FIELDS = {"apiVersion", "kind", "resources", "components", "patches", "images", "namespace", "labels"}


def build(folder: Path) -> list[Manifest]:
    """Return the manifests of a folder with a kustomization."""
    return _apply(folder, [])


def make_overlay(root: Path) -> Path:
    """Return an overlay of an operator in ``root``: another namespace, a registry, two components."""
    shutil.copytree(FOLDER, root / "kubernetes")
    (root / "overlay").mkdir()
    (root / "overlay" / "kustomization.yaml").write_text(_OVERLAY)
    return root / "overlay"


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
    changes = yaml.safe_load(patch["patch"])
    if isinstance(changes, dict):
        assert changes["$patch"] == "delete", "a patch that this does not know"
        manifests.remove(manifest)
        return
    for change in changes:
        _change(manifest, change)


def _change(manifest: Manifest, change: dict[str, Any]) -> None:
    """Make one change of a JSON patch (RFC 6902)."""
    *parents, last = (part.replace("~1", "/").replace("~0", "~") for part in change["path"].strip("/").split("/"))
    place: Any = manifest
    for parent in parents:
        place = place[int(parent) if isinstance(place, list) else parent]
    match change["op"]:
        case "add" if isinstance(place, list):
            assert last == "-", "an element is added at the end"
            place.append(change["value"])
        case "add":
            place[last] = change["value"]
        case "replace":
            key = int(last) if isinstance(place, list) else last
            assert isinstance(place, list) or key in place, change["path"]
            place[key] = change["value"]
        case "remove":
            del place[last]
        case other:
            raise AssertionError(f"found the change {other}, which this does not know")


def _set_image(manifest: Manifest, image: dict[str, str]) -> None:
    for container in manifest.get("spec", {}).get("template", {}).get("spec", {}).get("containers", []):
        name, _, tag = container["image"].partition(":")
        if name == image["name"]:
            tag = image.get("newTag", tag)
            container["image"] = image.get("newName", name) + (f":{tag}" if tag else "")
