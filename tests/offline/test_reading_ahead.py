"""What is read ahead comes in order, and never more than a few at a time."""

import pytest

from core.errors import MediaError
from core.offline.reading_ahead import read_ahead


def test_all_come_in_order_however_few_there_are():
    for count in (0, 1, 2, 3, 50):
        assert list(read_ahead(str, range(count))) == [str(i) for i in range(count)]


def test_only_a_few_are_asked_for_before_the_first_is_taken():
    asked = []
    found = read_ahead(lambda item: item, (asked.append(i) or i for i in range(100)))
    for taken, _ in enumerate(found, 1):
        assert len(asked) <= taken + 2


def test_what_fails_to_be_read_fails_where_it_is_taken():
    def read(item):
        if item == 1:
            raise MediaError("broken")
        return item

    found = read_ahead(read, range(3))
    assert next(found) == 0
    with pytest.raises(MediaError, match="broken"):
        next(found)
