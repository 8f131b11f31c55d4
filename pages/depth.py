"""Depth: a hand before a depth camera, its place, its crop and its keypoints in space."""

from pages.panels.camera.stage import stage
from pages.panels.choice import pick_one
from pages.panels.depth.kept import let_go
from pages.panels.depth.nets import pick_depth_net
from pages.panels.depth.recordings import show_example, show_upload
from pages.panels.depth.sensors import show_sensor
from pages.panels.depth.webcam import show_webcam
from pages.panels.project.projects import pick_project

EXAMPLE, RECORDING, SENSOR, WEBCAM = "Example", "Recording", "Depth camera", "Webcam"
SHOWS = {EXAMPLE: show_example, RECORDING: show_upload, SENSOR: show_sensor}


def page() -> None:
    """The source in a row above; what it gives has the page's width."""
    project = pick_project()
    place = stage()
    row = place.beside.container(horizontal=True)
    with row:
        what = pick_one("Source", [*SHOWS, WEBCAM], "depth_source", width="content")
    if what == WEBCAM:
        let_go()
        show_webcam(place)
        return
    with row:
        net = pick_depth_net()
    place.widen()
    with place.replace():
        SHOWS[what](place, project, net)


page()
