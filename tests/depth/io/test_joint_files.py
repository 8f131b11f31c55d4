"""Label and result files of hands in depth: read to the digit; files that are none."""

from pathlib import Path

import numpy as np
import pytest

from core.depth.io.joint_files import read_joints, write_joints
from core.errors import TableError


def write_file(folder: Path, text: str | bytes) -> Path:
    file = folder / "joints.txt"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def test_the_published_labels_are_read_whole(shared_data: Path) -> None:
    labels = read_joints(shared_data / "depth" / "nyu_test_label.txt")
    assert labels.shape == (8252, 14, 3)
    np.testing.assert_array_equal(labels[0, 0], [169.221, 199.638, 736.417])
    np.testing.assert_array_equal(labels[0, 13], [210.217, 268.604, 778.299])


@pytest.mark.parametrize("name", ["", "test_seq_1/image_0000.png "])  # is skipped
@pytest.mark.parametrize("separator", [" ", "\t", ",", ", "])
def test_numbers_may_be_separated_as_in_any_published_file(tmp_path, separator, name) -> None:
    lines = [separator.join(["1", "2.5", "-3", "4e2", "5", "6"]), separator.join("789012")]
    found = read_joints(write_file(tmp_path, "\r\n".join(name + line for line in lines) + " \n\n"))
    np.testing.assert_array_equal(found, [[[1, 2.5, -3], [400, 5, 6]], [[7, 8, 9], [0, 1, 2]]])


def test_what_is_written_is_read_back_to_a_thousandth(tmp_path) -> None:
    uvd = np.random.default_rng(0).uniform(0, 900, (5, 21, 3))
    write_joints(tmp_path / "mine.txt", uvd)
    np.testing.assert_allclose(read_joints(tmp_path / "mine.txt"), uvd, atol=5e-4)


WRONG = {
    "blank lines": ("\n \n", "joints.txt is empty"),
    "letters": ("1 2 3\n1 two 3\n", "line 2: “two” is no number"),
    "a name after the numbers": ("1 2 3 a.png\n", "line 1: “a.png” is no number"),
    "commas alone": (",,,\n", "has 0 numbers a line"),
    "not a number": ("1 2 3\n1 nan 3\n", "line 2: number 2 is nan"),
    "too large": ("1 2 1e300\n", "number 3 is 1e\\+300; expected are numbers up to 1e\\+07"),
    "other columns further down": ("1 2 3\n1 2 3 4 5 6\n", "line 2 has 6 numbers, the first has 3"),
    "no triples": ("1 2 3 4\n" * 3, "has 4 numbers a line: expected are u v d"),
    "too many": (" ".join(["1"] * 303), "has 303 numbers a line"),
    "a gap": ("1 2 3\n\n1 2 3\n", "line 2 is empty, but not the last one"),
    "one endless line": ("1 " * 6000, "line 1 has over 10,000 characters"),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00", "is no number"),
}


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG)
def test_another_file_is_an_error_of_one_line(tmp_path, text, message) -> None:
    with pytest.raises(TableError, match=message) as told:
        read_joints(write_file(tmp_path, text))
    assert str(told.value).isprintable() and len(str(told.value)) < 300


def test_a_file_that_is_missing_a_folder_or_huge_is_an_error(tmp_path) -> None:
    for missing in (tmp_path / "none.txt", tmp_path):
        with pytest.raises(TableError, match="is missing"):
            read_joints(missing)
    huge = write_file(tmp_path, "")
    with huge.open("r+b") as file:
        file.truncate(501 * 2**20)  # sparse: it takes no room
    with pytest.raises(TableError, match="over 524,288,000 bytes: split it"):
        read_joints(huge)
    with pytest.raises(TableError, match="can't be written"):
        write_joints(huge / "joints.txt", np.ones((1, 2, 3)))  # in what is no folder
