"""Names, shards and limits of batches."""

import pytest

from mememime_proxy.batch.spec import BatchSpec, ErrorLimit, Shard
from mememime_proxy.errors import BatchUsageError

SPEC = BatchSpec(command="render", parameters={"presets": ["card"]}, input="folder")


def test_same_batch_has_the_same_name():
    assert SPEC.with_name("1", b"settings").name == SPEC.with_name("1", b"settings").name
    assert SPEC.with_name("1", b"").name.startswith("render-")


def test_other_input_parameters_and_settings_make_another_name():
    other = BatchSpec(command="render", parameters={"presets": ["thumb"]}, input="folder")
    names = {
        SPEC.with_name("1", b"a").name, SPEC.with_name("2", b"a").name, SPEC.with_name("1", b"b").name,
        other.with_name("1", b"a").name,
    }  # fmt: skip
    assert len(names) == 4


def test_rate_is_no_part_of_the_name():
    slower = BatchSpec(command="render", parameters={"presets": ["card"]}, input="folder", rate=1.0)
    assert slower.with_name("1", b"").name == SPEC.with_name("1", b"").name


@pytest.mark.parametrize("text", ["4/4", "1", "a/b", "-1/4", "0/0", "1/2/3"])
def test_shard_that_is_none_is_refused(text):
    with pytest.raises(BatchUsageError, match="--shard"):
        Shard.parse(text)


def test_shards_are_disjoint_and_complete():
    sources = [f"alias://shop/{number}" for number in range(1000)]
    parts = [{source for source in sources if Shard(index, 4).contains(source)} for index in range(4)]
    assert set().union(*parts) == set(sources)
    assert sum(map(len, parts)) == 1000
    assert min(map(len, parts)) > 180


@pytest.mark.parametrize(
    ("text", "failed", "ended", "exceeded"),
    [
        ("0", 1, 1, True),
        ("20", 20, 30, False),
        ("20", 21, 30, True),
        ("1%", 100, 199, False),
        ("1%", 3, 200, True),
        ("1%", 2, 200, False),
        ("0.5%", 6, 1000, True),
        ("100%", 1000, 1000, False),
    ],
)
def test_limit_of_errors(text, failed, ended, exceeded):
    assert ErrorLimit.parse(text).is_exceeded(failed, ended) is exceeded


@pytest.mark.parametrize("text", ["", "1.5", "101%", "-1", "few"])
def test_limit_that_is_none_is_refused(text):
    with pytest.raises(BatchUsageError, match="--max-errors"):
        ErrorLimit.parse(text)
