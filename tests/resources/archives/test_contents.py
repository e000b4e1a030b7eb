from __future__ import annotations

import pytest

from mememime_proxy.errors import OverloadError
from mememime_proxy.resources.archives.contents import Archives


def test_fifth_archive_at_once_is_refused_and_slots_come_back(database):
    archives = Archives(database)
    with archives.take_slot(), archives.take_slot(), archives.take_slot():
        with archives.take_slot(), pytest.raises(OverloadError), archives.take_slot():
            pass
        with archives.take_slot():
            pass
