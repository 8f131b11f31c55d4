"""The first visitors of a new studio get one first project together."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from core.store import Store
from pages.panels.project.projects import FIRST_PROJECT, list_or_create_projects


def test_visitors_who_come_at_the_same_moment_get_the_same_first_project(tmp_path):
    for attempt in range(5):
        store, barrier = Store(tmp_path / f"{attempt}.sqlite"), Barrier(8)

        def visit(_, store=store, barrier=barrier):
            barrier.wait()
            return [project.name for project in list_or_create_projects(store)]

        with ThreadPoolExecutor(8) as visitors:
            assert list(visitors.map(visit, range(8))) == [[FIRST_PROJECT]] * 8
        store.close()
