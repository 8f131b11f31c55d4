"""Large JSON files a piece at a time: what they hold, and how long a text in them may be."""

import time

import pytest

from core.errors import TableError
from core.media.json_objects import iterate_json_objects


def test_the_objects_of_the_wanted_lists_come_with_their_numbers(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"images": [{"id": 7}], "other": [{"id": 8}], "annotations": [{"id": 9}, {}]}')
    assert list(iterate_json_objects(path, ("images", "annotations"))) == [
        ("images", 1, {"id": 7}),
        ("annotations", 1, {"id": 9}),
        ("annotations", 2, {}),
    ]


@pytest.mark.parametrize("part", ["x", '\\"', " ,:[]{}"])
def test_a_text_of_many_megabytes_is_refused_before_it_costs_time(tmp_path, part):
    path = tmp_path / "long.json"
    with path.open("w") as file:
        file.write('{"info": "')
        file.writelines([part * (2**20 // len(part))] * 64)
        file.write('", "images": []}')
    begun = time.monotonic()
    with pytest.raises(TableError, match=r"long\.json has a text or number of over 1,048,576"):
        list(iterate_json_objects(path, ("images",)))
    assert time.monotonic() - begun < 3


def test_a_text_of_a_megabyte_is_read(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"images": [{"name": "' + "x" * 2**20 + '"}]}')
    [(_, _, image)] = iterate_json_objects(path, ("images",))
    assert len(image["name"]) == 2**20


@pytest.mark.parametrize("number", ["1" * 5000, "1" * (3 * 2**20), "1e400", "1" * 400 + ".0"])
def test_numbers_out_of_range_are_read_or_refused_in_a_line(tmp_path, number):
    path = tmp_path / "a.json"
    path.write_text(f'{{"images": [{{"id": {number}}}]}}')
    try:
        list(iterate_json_objects(path, ("images",)))
    except TableError as error:
        assert "\n" not in str(error)
