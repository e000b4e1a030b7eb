import pytest
import pyvips

from tests.support.resource_process import ResourceProcess


def png(red):
    """A picture of one colour."""
    return pyvips.Image.black(8, 4, bands=3).linear(1, [red, 0, 0]).cast("uchar").pngsave_buffer()


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A resource service with two pictures, p/one and p/two."""
    with ResourceProcess(tmp_path_factory.mktemp("resources")) as service:
        for number, name in enumerate(("p/one", "p/two"), 1):
            service.upload(png(number), name)
        yield service


@pytest.fixture(scope="module")
def new_asset(service):
    """Uploads one more picture, with an alias if one is given, and returns its digest."""
    reds = iter(range(10, 250))
    return lambda alias="": service.upload(png(next(reds)), alias)
