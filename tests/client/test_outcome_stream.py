import pytest

from mememime_proxy.client.bulk import Order
from mememime_proxy.client.errors import RefusedError
from mememime_proxy.client.inputs.alias_template import Template
from mememime_proxy.client.inputs.name_filter import Filter
from mememime_proxy.client.inputs.scan import files
from mememime_proxy.client.outcome_stream import upload_all
from tests.support.fake_resource_service import problem


async def _refused():
    return problem(401, "Not authenticated")


async def test_upload_all_outcomes_are_yielded_as_files_finish(uploader, fake, file, tmp_path):
    for number in range(5):
        file(f"{number}.jpg")
    order = Order(template=Template("p/{path}"), parallel=1)

    def entries():
        return files(str(tmp_path / "files"), Filter())

    seen = [outcome.state async for outcome in upload_all(uploader, entries(), order)]
    assert seen == ["uploaded"] * 5
    fake.assets.clear()
    outcomes = upload_all(uploader, entries(), order)
    async for outcome in outcomes:
        assert outcome.state == "uploaded"
        break
    await outcomes.aclose()
    assert 0 < len(fake.assets) < 5
    fake.faults.append(lambda _: _refused())
    with pytest.raises(RefusedError):
        [outcome async for outcome in upload_all(uploader, entries(), order)]
