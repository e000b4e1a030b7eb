"""The job that renders presets right after an upload (MEMEMIME_PRERENDER)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from mememime_proxy.batch.model import BatchItem
from mememime_proxy.batch.rendering.variants import RenderParameters
from mememime_proxy.batch.spec import JOB_KIND, BatchSpec
from mememime_proxy.errors import SettingsError
from mememime_proxy.jobs.model import NewChunk, NewJob
from mememime_proxy.resources.assets.prerendering import JobOfSources
from mememime_proxy.settings import sections
from mememime_proxy.settings.settings import Settings
from mememime_proxy.urls.presets import parse_presets

_NAME = "prerender"
_CREDENTIAL = "setting:prerender"
_PRIORITY = 10
"""Somebody waits for these pictures soon; nobody does for those of a batch."""
_SOURCES = 100
"""Originals of one chunk."""


def prerender_jobs(settings: Settings) -> JobOfSources | None:
    """Return what makes the jobs; None where no preset is to be rendered.

    SettingsError for a preset that is not defined, where this environment defines any.
    """
    if not settings.prerender:
        return None
    defined = parse_presets(sections.presets(settings), settings.arguments_separator)
    if defined and (unknown := sorted(set(settings.prerender) - set(defined))):
        raise SettingsError(
            f"{settings.variable('prerender')}: found {unknown[0]!r}, expected presets of MEMEMIME_PRESETS:"
            f" {', '.join(defined)}"
        )
    parameters = msgspec.to_builtins(RenderParameters(presets=settings.prerender))
    spec = msgspec.to_builtins(BatchSpec(command="render", parameters=parameters, input="upload", name=_NAME))

    def job_of(sources: Sequence[str], tenant: str) -> NewJob:
        parts = [sources[start : start + _SOURCES] for start in range(0, len(sources), _SOURCES)]
        return NewJob(
            kind=JOB_KIND,
            tenant=tenant,
            credential=_CREDENTIAL,
            name=_NAME,
            input=spec,
            priority=_PRIORITY,
            chunks=[
                NewChunk(
                    payload=msgspec.to_builtins([BatchItem(source) for source in part]),
                    items=len(part) * len(settings.prerender),
                )
                for part in parts
            ],
        )

    return job_of
