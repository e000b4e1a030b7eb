import os

from mememime_proxy.client.inputs.alias_choice import AliasChoice
from mememime_proxy.client.inputs.alias_template import Template
from mememime_proxy.client.inputs.batches import scan_in_thread
from mememime_proxy.client.inputs.name_filter import Filter
from mememime_proxy.client.inputs.scan import files
from mememime_proxy.client.verify import Verification
from tests.support.fake_resource_service import RecordedProgress


async def test_verification_of_each_file_reads_its_bytes(uploader, fake, file, tmp_path):
    for name in ("same.jpg", "changed.jpg", "new.jpg", "moved.jpg", "unnamed.jpg"):
        file(name)
    folder = tmp_path / "files"
    for name in ("same", "changed", "moved"):
        await uploader.upload(folder / f"{name}.jpg", alias=f"p/{name}")
    await uploader.upload(folder / "unnamed.jpg")
    await uploader.upload(file("other.jpg"), alias="p/moved")
    (folder / "other.jpg").unlink()
    # The same size and time: only its bytes tell.
    facts = (folder / "changed.jpg").stat()
    file("changed.jpg")
    os.utime(folder / "changed.jpg", ns=(facts.st_atime_ns, facts.st_mtime_ns))

    requests = fake.requests.copy()
    seen = RecordedProgress()
    totals = await Verification(uploader, AliasChoice(Template("p/{path}")), seen).run(
        [scan_in_thread(files(str(folder), Filter()))]
    )
    assert seen.states == {
        "same.jpg": "same", "changed.jpg": "missing", "new.jpg": "missing", "moved.jpg": "differs",
        "unnamed.jpg": "differs",
    }  # fmt: skip
    assert not totals.is_clean
    assert "has another target" in seen.reason("moved.jpg")
    assert "does not exist" in seen.reason("unnamed.jpg")
    assert {kind for kind in fake.requests if fake.requests[kind] > requests[kind]} == {"POST /assets", "GET /aliases"}


async def test_verification_without_aliases_compares_bytes_alone(uploader, file, tmp_path):
    path = file()
    await uploader.upload(path)
    seen = RecordedProgress()
    totals = await Verification(uploader, AliasChoice(), seen).run(
        [scan_in_thread(files(str(tmp_path / "files"), Filter()))]
    )
    assert (seen.states, totals.is_clean) == ({"a.jpg": "same"}, True)
