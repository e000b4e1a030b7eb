"""Writes the schema of the chart's values: ``python -m tests.support.chart_schema``.

It has the names of all settings, so that ``helm`` refuses a name that is none, and a key, which belongs into a secret.
"""

from __future__ import annotations

import json
from typing import Any

from mememime_proxy.settings.settings import Settings
from mememime_proxy.settings.values import Secret
from tests.support.kustomize import FOLDER

PATH = FOLDER.parent / "helm" / "mememime" / "values.schema.json"
_FIXED = {"bind", "network", "prometheus_bind", "resources_bind"}
"""Addresses, which the ports of the objects name."""


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _setting_names() -> list[str]:
    return [
        name.upper()
        for name, field in Settings.model_fields.items()
        if name not in _FIXED and not any(isinstance(each, Secret) for each in field.metadata)
    ]


_TEXT, _SWITCH, _MAP = {"type": "string"}, {"type": "boolean"}, {"type": "object"}
_COUNT = {"type": ["integer", "null"], "minimum": 0}
_ITEMS = {"type": "array", "items": _MAP}
_VALUE = {
    "anyOf": [
        {"type": ["string", "number", "boolean", "null"]},
        {"type": "array", "items": {"type": ["string", "number"]}},
    ]
}
_SETTINGS = {"type": "object", "propertyNames": {"enum": _setting_names()}, "additionalProperties": _VALUE}
_TEXTS = {"type": "object", "additionalProperties": _TEXT}
_POD = {
    "existingSecret": _TEXT,
    "extraEnv": _ITEMS,
    "replicas": _COUNT,
    "container": _object({"requests": _MAP, "limits": _MAP, "claims": _ITEMS}),
    "pod": _MAP,
    "podAnnotations": _TEXTS,
}
_SCALER = {
    "autoscaling": _object(
        {
            "enabled": _SWITCH,
            "minReplicas": _COUNT,
            "maxReplicas": _COUNT,
            "metrics": {"type": ["array", "null"], "items": _MAP},
            "behavior": {"type": ["object", "null"]},
        }
    )
}
_WAYS_IN = {
    "ingress": _object(
        {"enabled": _SWITCH, "className": _TEXT, "host": _TEXT, "tlsSecret": _TEXT, "annotations": _TEXTS}
    ),
    "httpRoute": _object({"enabled": _SWITCH, "parentRefs": _ITEMS, "hostnames": {"type": "array", "items": _TEXT}}),
}


def schema() -> dict[str, Any]:
    """Return the schema (JSON Schema, draft 7)."""
    settings = {"$ref": "#/definitions/settings"}
    policy = {"enabled": _SWITCH, "ingressNamespace": _TEXT, "monitoringNamespace": _TEXT, "gkeDataplaneV2": _SWITCH}
    image = {"repository": {"type": "string", "minLength": 1}, "tag": _TEXT, "digest": _TEXT, "pullPolicy": _TEXT}
    service = {"enabled": _SWITCH, "settings": settings, "egress": _ITEMS, **_POD, **_SCALER}
    root = _object(
        {
            "global": _MAP,
            "image": _object(image),
            "imagePullSecrets": _ITEMS,
            "settings": settings,
            **_POD,
            **_SCALER,
            **_WAYS_IN,
            "networkPolicy": _object({**policy, "egress": _ITEMS}),
            "resources": _object(
                {**service, **_WAYS_IN, "spoolGiB": _COUNT, "work": _object({**_POD, "egress": _ITEMS})}
            ),
            "batch": _object(service),
            "monitoring": _object({"enabled": _SWITCH, "labels": _TEXTS}),
        }
    )
    return {"$schema": "http://json-schema.org/draft-07/schema#", **root, "definitions": {"settings": _SETTINGS}}


def text() -> str:
    """Return the file's content."""
    return json.dumps(schema(), indent=1) + "\n"


if __name__ == "__main__":
    PATH.write_text(text(), "utf-8")
