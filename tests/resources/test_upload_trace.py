"""How far the last PATCH of an upload travels through the package."""

from tests.support.upload_trace import trace

MODULES = 59
CHANGES = 175
"""The figures that docs/architecture.md names: with the reader of the purge log, which wakes meanwhile."""

STEPS = [
    "Leases.hold",
    "Assembly.assemble",
    "Ingest.verify_and_store",
    "Publication.publish",
    "Aliases.point",
    "Leases.end",
]


async def test_last_patch_of_an_upload_passes_few_modules():
    calls = await trace()
    for _ in range(4):
        # tasks of the service that wake meanwhile are counted too, and only add: the least is the upload's
        calls = min(calls, await trace(), key=lambda found: (len(found.modules), found.changes))
        if len(calls.modules) <= MODULES and calls.changes <= CHANGES:
            break
    assert len(calls.modules) <= MODULES, calls.report()
    assert calls.changes <= CHANGES, calls.report()


async def test_last_patch_of_an_upload_enters_each_step_of_the_finalizer_once():
    calls = await trace()
    assert [call.function for call in calls.calls if call.function in STEPS] == STEPS
