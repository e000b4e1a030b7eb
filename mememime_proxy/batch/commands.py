"""The commands of `mememime batch` that work on items. A worker of jobs runs them by their names."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final

import msgspec

from mememime_proxy.batch.model import BatchHandler, BatchItem
from mememime_proxy.batch.originals import facts, importing, verification
from mememime_proxy.batch.parts import BatchParts, listing_width, width
from mememime_proxy.batch.rendering.checks import planner_of
from mememime_proxy.batch.rendering.handler import open_handler
from mememime_proxy.batch.rendering.recoding import RecodeParameters, RecodePlanner, open_recode
from mememime_proxy.batch.rendering.variants import RenderParameters
from mememime_proxy.batch.spec import BatchSpec
from mememime_proxy.errors import BatchUsageError
from mememime_proxy.resources.parts import check_backend
from mememime_proxy.settings.settings import Settings


@dataclass(frozen=True, slots=True)
class WorkEstimate:
    """How much work items are, to cut chunks."""

    units: Callable[[BatchItem], int]
    seconds_each: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchCommand:
    """A command that works on items."""

    name: str
    estimate: Callable[[Settings, BatchSpec], WorkEstimate]
    """Raises BatchUsageError where the parameters are wrong."""
    open: Callable[[BatchParts, BatchSpec], AbstractAsyncContextManager[BatchHandler]]
    width: Callable[[Settings], int] = width
    """Originals of a chunk at a time."""


def _estimate_render(settings: Settings, spec: BatchSpec) -> WorkEstimate:
    planner = planner_of(settings, msgspec.convert(spec.parameters, RenderParameters))
    return WorkEstimate(lambda item: len(planner.of(item)), planner.seconds_each)


def _estimate_recode(settings: Settings, spec: BatchSpec) -> WorkEstimate:
    planner = RecodePlanner(settings, msgspec.convert(spec.parameters, RecodeParameters))
    return WorkEstimate(_one, planner.seconds_each)


def _estimate_facts(settings: Settings, spec: BatchSpec) -> WorkEstimate:
    facts.check_facts(msgspec.convert(spec.parameters, facts.FactsParameters))
    check_backend(settings, "a batch of originals")
    return WorkEstimate(_one, facts.SECONDS_EACH)


def _estimate_verification(settings: Settings, _spec: BatchSpec) -> WorkEstimate:
    check_backend(settings, "a verification, which marks what it finds,")
    return WorkEstimate(_one, verification.SECONDS_EACH)


def _estimate_import(settings: Settings, spec: BatchSpec) -> WorkEstimate:
    importing.alias_choice(msgspec.convert(spec.parameters, importing.ImportParameters))
    check_backend(settings, "an import")
    return WorkEstimate(_one, importing.SECONDS_EACH)


def _one(_item: BatchItem) -> int:
    return 1


COMMANDS: Final = {
    command.name: command
    for command in (
        BatchCommand(name="render", estimate=_estimate_render, open=open_handler, width=listing_width),
        BatchCommand(name="recode", estimate=_estimate_recode, open=open_recode, width=listing_width),
        BatchCommand(name="facts", estimate=_estimate_facts, open=facts.open_facts),
        BatchCommand(name="verify", estimate=_estimate_verification, open=verification.open_verification),
        BatchCommand(name="import", estimate=_estimate_import, open=importing.open_import),
    )
}


def find_command(name: str) -> BatchCommand:
    """Return a command. BatchUsageError for one that this version does not have."""
    if (command := COMMANDS.get(name)) is None:
        raise BatchUsageError(f"the command {name!r} of a batch is unknown here; all workers need the same version")
    return command
