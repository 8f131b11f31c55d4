"""Bodies through the browser: a project about them, two poses learned from some people's pictures
and read on other people's."""

import cv2
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import (
    begin_hold,
    card,
    create_project,
    kept,
    reads,
    settled,
    write_film,
)
from tests.support.studio import on_screen, start_camera

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.usefixtures("weights_folder"),
]
# of Leeds Sports Pose Extended, by the rule of docs/measurements.md on its true keypoints
LEARNED = {
    "t_pose": ("im00360", "im01992", "im04842", "im04553", "im02615"),
    "hands_up": ("im02178", "im01361", "im04924", "im03293", "im00924"),
}
OTHERS = {"t_pose": ("im03319", "im02584"), "hands_up": ("im01121", "im03297")}
TIMES = 3  # as long as a photo of a hand: a person is found anew in each


@pytest.fixture
def people(shared_data, tmp_path):
    """people(names): a film of these pictures for the fake camera."""

    def film(names):
        folder = shared_data / "body" / "lspet" / "images"
        frames = [on_screen(cv2.imread(str(folder / f"{name}.jpg"))) for name in names]
        path = tmp_path / f"{'-'.join(names)}.y4m"
        write_film(path, [frame for frame in frames for _ in range(TIMES)])
        return path

    return film


def test_poses_are_learned_from_people_and_read_on_others(look, people):
    with look(people(LEARNED["t_pose"])) as page:
        page.goto("/")
        settled(page)
        create_project(page, "Arms", "Bodies")
        expect(card(page, "arms_crossed")).to_be_visible()
        start_camera(page)
        recorded(page, "t_pose")
    with look(people(LEARNED["hands_up"])) as page:
        page.goto("/?project=Arms")
        start_camera(page)
        recorded(page, "hands_up")
        page.get_by_role("button", name="Train", exact=True).click()
        expect(page.get_by_text("test samples recognised")).to_be_visible()
    for pose, names in OTHERS.items():
        with look(people(names)) as page:
            page.goto("/live?project=Arms")
            start_camera(page)
            reads(page, pose)


def recorded(page, pose):
    """Hold its button twice, until ten samples are kept: who stands still gives few."""
    for _ in range(2):
        begin_hold(page, pose, 10)
        page.mouse.up()
        assert kept(page, pose) >= 10
