"""Renders the Helm chart and the Kustomize overlays of the same meaning (``make charts``).

A case is a folder with ``values.yaml`` and ``kustomization.yaml``. Both have to give the same objects, by ``helm`` and
by ``kubectl``, and ``tests.support.kustomize`` has to read the same. Then the objects are written beside them, one a
line, with a digest of everything that they were made from: CI has neither program, reads the objects, and sees when
they are old. ``--check`` writes nothing. Helm is a Go program: ``go install helm.sh/helm/v4/cmd/helm@latest``.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import yaml

from tests.support.kustomize import FOLDER, Manifest, build

ROOT = FOLDER.parents[1]
CHART = ROOT / "config" / "helm" / "mememime"
CASES = ROOT / "tests" / "deployment" / "charts"
DIGEST = CASES / "digest.txt"
CHECKSUM = "checksum/settings"
"""The annotation by which the chart replaces pods whose settings have changed: Kustomize has no way to make it."""
_KUBERNETES = "1.37.0"
"""Not the one that a build of helm has in it."""
Objects = dict[str, Manifest]


def cases() -> list[str]:
    """Return the names of all cases."""
    return sorted(folder.name for folder in CASES.iterdir() if folder.is_dir())


def by_name(manifests: Iterable[Any]) -> Objects:
    """Return objects by kind and name, as JSON has them. AssertionError for two of one name."""
    found: Objects = {}
    for manifest in manifests:
        if manifest is not None:
            name = f"{manifest['kind']} {manifest['metadata']['name']}"
            assert name not in found, f"two objects are {name}"
            found[name] = json.loads(json.dumps(manifest))
    return found


def without_checksums(objects: Objects) -> Objects:
    """Take the chart's annotation away from each Deployment. AssertionError where one lacks it."""
    for name, manifest in objects.items():
        if name.startswith("Deployment "):
            metadata = manifest["spec"]["template"]["metadata"]
            assert len(metadata["annotations"].pop(CHECKSUM)) == 64
            if not metadata["annotations"]:
                del metadata["annotations"]
    return objects


def differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """Yield each field in which two objects differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            yield from differences(one.get(key), other.get(key), f"{path}/{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, pair in enumerate(zip(one, other, strict=True)):
            yield from differences(*pair, f"{path}/{number}")
    elif one != other:
        yield f"{path}: {one!r} and {other!r}"


def read_objects(case: str) -> Objects:
    """Return the objects that were written for a case."""
    lines = (CASES / case / "objects.jsonl").read_text("utf-8").splitlines()
    return by_name(map(json.loads, lines))


def input_digest() -> str:
    """Return the digest of all files from which the objects are made: their names and their bytes."""
    files = [
        *FOLDER.rglob("*.yaml"),
        *CHART.glob("*.yaml"),
        *CHART.glob("templates/*"),
        *(path for case in cases() for path in (CASES / case).glob("*.yaml")),
    ]
    digest = hashlib.sha256()
    for path in sorted(files):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(ROOT)} {content}\n".encode())
    return digest.hexdigest()


def render_chart(case: str, *options: str) -> str:
    """Return what ``helm template`` prints. CalledProcessError, with its message, where the values are wrong."""
    values = CASES / case / "values.yaml"
    return _run("helm", "template", "mememime", str(CHART), "--namespace", _namespace(case), "--values", str(values),
                "--kube-version", _KUBERNETES, *options)  # fmt: skip


def _namespace(case: str) -> str:
    namespace: str = yaml.safe_load((CASES / case / "kustomization.yaml").read_text("utf-8"))["namespace"]
    return namespace


def _run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def main(*, check: bool) -> int:
    """Render, compare and write every case; return the exit status."""
    if missing := [name for name in ("helm", "kubectl") if not shutil.which(name)]:
        print(f"{' and '.join(missing)} needed", file=sys.stderr)
        return 1
    wrong = 0
    for case in cases():
        chart = without_checksums(by_name(yaml.safe_load_all(render_chart(case))))
        overlay = by_name(yaml.safe_load_all(_run("kubectl", "kustomize", str(CASES / case))))
        found = [f"helm and kubectl: {each}" for each in differences(chart, overlay)]
        found += [f"kubectl and our reader: {each}" for each in differences(overlay, by_name(build(CASES / case)))]
        if check and not found:
            found = [f"helm and the written objects: {each}" for each in differences(chart, read_objects(case))]
        print(f"{case}: {len(chart)} objects, {len(found)} differences", *found, sep="\n  ")
        wrong += len(found)
        if not check and not found:
            lines = [json.dumps(chart[name], sort_keys=True) for name in sorted(chart)]
            (CASES / case / "objects.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    if not check and not wrong:
        DIGEST.write_text(f"{input_digest()}\n", "utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
