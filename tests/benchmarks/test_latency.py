"""The counter that measures latency is read as it was written, and times are told apart by hand."""

import cv2
import numpy as np
import pytest

from benchmarks.latency import CELLS, EDGE, figures, firsts, latencies_ms, read_cells, stamp


def test_the_strip_is_the_counter_s_bits_between_marks():
    assert read_cells("10" + "000000000101" + "0" + "0") == 5
    assert read_cells("10" + "100000000000" + "1" + "0") == 2048


@pytest.mark.parametrize("text", ["1000000000010100"[::-1], "10" + "000000000101" + "10", "0" * 16])
def test_a_strip_that_no_counter_has_is_not_read(text):
    assert read_cells(text) is None


@pytest.mark.parametrize("counter", [0, 1, 899, 4095])
def test_a_stamped_picture_is_read_again_after_jpeg(counter):
    noisy = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)
    sent = cv2.imencode(".jpg", stamp(noisy, counter))[1]
    row = cv2.imdecode(sent, cv2.IMREAD_GRAYSCALE)[480 - EDGE // 2]
    middles = row[640 // CELLS // 2 :: 640 // CELLS]
    assert read_cells("".join("1" if value > 127 else "0" for value in middles)) == counter


def test_the_picture_itself_is_left_as_it_was():
    picture = np.zeros((480, 640, 3), np.uint8)
    stamp(picture, 7)
    assert not picture.any()


def test_only_a_counter_s_first_showing_counts():
    assert firsts([(0, 1), (16, 1), (33, 2), (50, 2)]) == [(0, 1), (33, 2)]
    assert firsts([]) == []


def test_a_latency_runs_from_the_showing_here_to_the_showing_there():
    local = [(0.0, 1), (66.0, 2), (133.0, 3), (200.0, 1)]  # the film began again
    remote = [(150.0, 1), (210.0, 2), (340.0, 1), (400.0, 9)]
    assert latencies_ms(local, remote) == [150.0, 144.0, 140.0]


def test_the_figures_say_median_95th_percentile_and_rates():
    def strip(counter: int) -> str:
        return "10" + f"{counter:012b}" + str(counter.bit_count() % 2) + "0"

    local = [(100.0 * i, strip(i)) for i in range(10)]
    remote = [(100.0 * i + 50, strip(i)) for i in range(10)] + [(2000.0, "1" * 16)]
    found = figures({"local": local, "remote": remote}, seconds=1.0)
    assert (found["median_ms"], found["p95_ms"], found["frames"]) == (50.0, 50.0, 10)
    assert (found["camera_fps"], found["returned_fps"], found["unread"]) == (10.0, 10.0, 1)
