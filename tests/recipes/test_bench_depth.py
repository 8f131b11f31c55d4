"""A hand in depth has a cost, trained net or not, and it is followed while it is timed."""

from pathlib import Path

import pytest

from core.errors import WeightsError
from core.nets import build_net
from core.paths import Paths
from core.recipes.bench_depth import bench_depth
from tests.support.massing_net import save_massing_net


def test_a_net_that_is_there_is_timed_as_it_is(tmp_path: Path) -> None:
    save_massing_net(tmp_path / "nets" / "crossinfonet.massing")
    found = bench_depth(Paths(tmp_path, tmp_path), Path("crossinfonet.massing"), frames=1, reads=4)
    assert found["weights"] == "trained"
    assert [row["threads"] for row in found["by_threads"]] == [1, 2]
    for row in found["by_threads"]:
        assert row["p90_ms"] >= row["ms"] >= row["cut_ms"] > 0 < row["cpu_ms"]


@pytest.mark.slow  # the net's graph is made first
def test_one_of_ours_that_is_not_there_is_timed_untrained_and_says_so(tmp_path: Path) -> None:
    name = "crossinfonet.msra"
    found = bench_depth(Paths(tmp_path, tmp_path), Path(name), frames=2, reads=3)
    assert found["net"] == name
    assert found["weights"].startswith("untrained")
    assert {row["followed"] for row in found["by_threads"]} == {1.0}
    parameters = sum(one.numel() for one in build_net(name).parameters())
    assert found["mb"] == pytest.approx(4 * parameters / 1e6, rel=0.02)  # four bytes each


def test_the_light_one_that_ships_has_four_million_parameters_at_most(tmp_path: Path) -> None:
    found = bench_depth(Paths(tmp_path, tmp_path), frames=1, reads=1)
    assert (found["net"], found["weights"]) == ("crossinfonet.synthetic_light", "trained")
    assert found["mb"] < 4 * 4.2  # four bytes each


def test_a_net_that_nobody_knows_is_told(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"no net “pose_resnet18” of depth.*synthetic_light"):
        bench_depth(Paths(tmp_path, tmp_path), Path("pose_resnet18"))
