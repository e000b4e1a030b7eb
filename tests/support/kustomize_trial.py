"""Compares what Kustomize itself builds of our files with what ``tests.support.kustomize`` builds.

A part of ``make trials``: ``kustomize`` or ``kubectl`` has to be installed, which no package of Python brings.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from tests.support.kustomize import Manifest, build

FOLDER = Path(__file__).parents[2] / "config" / "kubernetes"
OVERLAY = """apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: pictures
resources: [../kubernetes]
components: [../kubernetes/resources, ../kubernetes/monitoring]
images: [{name: registry.example.com/mememime, newName: ghcr.io/somebody/mememime, newTag: 9.9.9}]
"""


def make_overlay(root: Path) -> Path:
    """Return an overlay of an operator in ``root``: another namespace, a registry, two components."""
    shutil.copytree(FOLDER, root / "kubernetes")
    (root / "overlay").mkdir()
    (root / "overlay" / "kustomization.yaml").write_text(OVERLAY)
    return root / "overlay"


def _main() -> int:
    commands = (("kustomize", "build"), ("kubectl", "kustomize"))
    found = next((command for command in commands if shutil.which(command[0])), None)
    if found is None:
        print("kustomize or kubectl is needed", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as root:
        overlay = make_overlay(Path(root))
        wrong = sum(_differences(found, folder) for folder in (overlay, Path(root) / "kubernetes"))
    return 1 if wrong else 0


def _differences(command: tuple[str, str], folder: Path) -> int:
    done = subprocess.run([*command, str(folder)], capture_output=True, text=True, check=True)
    real, ours = _by_name(yaml.safe_load_all(done.stdout)), _by_name(build(folder))
    differing = sorted(name for name in real.keys() | ours.keys() if real.get(name) != ours.get(name))
    print(f"{folder.name}: {len(real)} manifests by {command[0]}, {len(differing)} differ", *differing, sep="\n  ")
    return len(differing)


def _by_name(manifests: Any) -> dict[str, Manifest]:
    return {f"{each['kind']} {each['metadata']['name']}": json.loads(json.dumps(each)) for each in manifests}


if __name__ == "__main__":
    sys.exit(_main())
