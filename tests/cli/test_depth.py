"""The commands about hands in depth."""

from tests.cli.conftest import invoke, said


def test_render_depth_writes_a_folder_and_says_where(tmp_path) -> None:
    out = tmp_path / "hands"
    command = ["render-depth", out, "--n", 2, "--seed", 5, "--camera", "icvl"]
    assert said(*command, "--skeleton", "icvl_16", "--whole")["n"] == 2
    head, first, *_ = (out / "joints.csv").read_text(encoding="utf-8").splitlines()
    assert head.startswith(
        "picture,hand,fx,fy,u0,v0,width,height,palm_x,palm_y,palm_z,thumb_root_x"
    )
    assert first.split(",")[2:8] == ["240.99", "240.96", "160", "120", "320", "240"]


def test_render_depth_names_what_it_does_not_know(tmp_path) -> None:
    for wrong in (
        ["--noise", "none?"],
        ["--skeleton", "coco_17"],
        ["--near", "900", "--far", "800"],
    ):
        done = invoke("render-depth", tmp_path / "new", *wrong)
        assert done.exit_code == 2
        assert wrong[-2] in done.output or wrong[-1] in done.output
    assert not (tmp_path / "new").exists()
