import os

import pytest

from mememime_proxy.sources.model import Inflow, Original
from tests.support.raw_server import open_files


@pytest.fixture
def descriptor():
    return os.memfd_create("test")


def test_original_closed_twice_closes_one_descriptor(descriptor):
    original = Original(descriptor, 0)
    original.close()
    other = os.memfd_create("other")
    assert other == descriptor
    original.close()
    os.fstat(other)
    os.close(other)


def test_original_as_context_manager_is_closed_after_an_error(descriptor):
    with pytest.raises(ZeroDivisionError), Original(descriptor, 0):
        raise ZeroDivisionError
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(descriptor)


def test_original_without_references_is_closed():
    before = open_files()
    Original(os.memfd_create("test"), 0)
    assert open_files() <= before


@pytest.mark.parametrize(("limit", "fits"), [(0, True), (5, True), (4, False)])
def test_inflow_with_a_limit_refuses_more_bytes(descriptor, limit, fits):
    with Original(descriptor, 0):
        inflow = Inflow(descriptor, limit)
        inflow.write(b"abc")
        assert inflow.size == 3
        assert inflow.fits(2) is fits
        assert os.pread(descriptor, 10, 0) == b"abc"
