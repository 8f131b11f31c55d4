"""Studio: the teachable machine on one page."""

from core.recognition.live import Options
from pages.panels.camera.stage import stage
from pages.panels.project.projects import pick_project


def page() -> None:
    """The video."""
    pick_project()
    place = stage()
    place.show(Options())


page()
