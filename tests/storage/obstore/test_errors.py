import pytest

from mememime_proxy.errors import StorageError

exceptions = pytest.importorskip("obstore.exceptions")


def test_each_exception_of_obstore_has_a_storage_error():
    from mememime_proxy.storage.obstore.errors import translate_error

    classes = [cls for cls in vars(exceptions).values() if isinstance(cls, type) and issubclass(cls, Exception)]
    assert len(classes) > 5
    for cls in classes:
        error = translate_error(cls("text\nand more lines"))
        assert isinstance(error, StorageError)
        assert error.detail == "text"


def test_exception_of_this_program_is_raised_as_it_is():
    from mememime_proxy.storage.obstore.errors import translate_error

    with pytest.raises(KeyError):
        translate_error(KeyError())
