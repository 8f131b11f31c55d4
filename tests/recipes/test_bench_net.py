"""A pose net's cost has a figure for every batch, whether its weights are here or not."""

from pathlib import Path

import pytest

from core.errors import WeightsError
from core.paths import Paths
from core.recipes.bench_net import bench_net


def test_a_net_that_is_there_and_an_architecture_are_timed(tmp_path: Path) -> None:
    paths = Paths(tmp_path, tmp_path)
    for name, said in (("cpm.hand_light", "128x128"), ("pose_resnet18.holistic", "256x192")):
        found = bench_net(paths, Path(name), batches=(1, 2), least_s=0.01)
        assert found["net"] == name and found["input"] == said and found["threads"] >= 1
        assert [row["pictures"] for row in found["batches"]] == [1, 2]
        for row in found["batches"]:
            each = row["pictures"] / row["pictures_per_s"]
            assert 1000 * each == pytest.approx(row["ms"], rel=0.05)
    assert found["mb"] == pytest.approx(4 * 15.4, rel=0.05)  # four bytes a parameter


def test_a_net_that_nobody_knows_is_told(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"no net “pose_net”.*pose_resnet50"):
        bench_net(Paths(tmp_path, tmp_path), Path("pose_net"))
