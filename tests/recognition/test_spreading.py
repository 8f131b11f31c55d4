"""Work on many things gives the same wherever it is done, in the same order."""

import importlib.util
import os
import signal
import sys
from functools import partial
from pathlib import Path

import pytest

from core.errors import EstimatorError
from core.recognition.extracting import extract
from core.recognition.spreading import spread

with_ray = [
    pytest.mark.slow,
    pytest.mark.skipif(not importlib.util.find_spec("ray"), reason="no Ray: pip install ray"),
    # of Ray's own: a file that it leaves open, an option that it will change
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::FutureWarning"),
]
PLACES = [
    pytest.param({"workers": 1}, id="one after another"),
    pytest.param({"workers": 2}, id="two processes"),
    pytest.param({"workers": 2, "on": "ray"}, id="ray", marks=with_ray),
]


def squared_unless_killed(folder: Path, number: int) -> int:
    """The first to come to 5 is killed in the midst of it."""
    if number == 5 and not (folder / "killed").exists():
        (folder / "killed").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number**2


@pytest.mark.parametrize("place", PLACES)
def test_results_come_in_the_order_of_the_items(place):
    assert list(spread(abs, range(-40, 0), **place)) == list(range(40, 0, -1))
    assert list(spread(abs, [], **place)) == []


@pytest.mark.parametrize("place", [PLACES[2]])
def test_what_a_killed_worker_had_is_done_again(place, tmp_path):
    work = partial(squared_unless_killed, tmp_path)
    assert list(spread(work, range(20), **place)) == [n**2 for n in range(20)]
    assert (tmp_path / "killed").exists()


@pytest.mark.parametrize("place", [PLACES[2]])
def test_ray_finds_the_keypoints_that_a_process_finds(place, photos, weights_folder, tmp_path):
    (photos / "ok" / "broken.jpg").write_bytes(b"no picture")
    told = [
        extract(photos, tmp_path / name, weights_folder=weights_folder, **options)
        for name, options in (("here.csv", {}), ("there.csv", place))
    ]
    assert told[0] == told[1] and told[0]["hands"] == 6
    assert (tmp_path / "here.csv").read_bytes() == (tmp_path / "there.csv").read_bytes()


@pytest.mark.parametrize("on", ["moon", "http://host:1", ""])
def test_another_place_is_refused_before_anything_is_read(on, tmp_path):
    with pytest.raises(EstimatorError, match="local, ray or ray://HOST:PORT"):
        extract(tmp_path, tmp_path / "a.csv", weights_folder=tmp_path, on=on)
    with pytest.raises(EstimatorError, match="no place to work"):
        list(spread(abs, [1], on=on))


def test_without_ray_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "1")
    with pytest.raises(EstimatorError, match="pip install ray"):
        list(spread(abs, [1], on="ray"))
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
