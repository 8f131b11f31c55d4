"""100,000 samples: a page, the look for doubt, deletion and undo, within time and memory.

Times are CPU times, so that other work on the machine doesn't count.
"""

import subprocess
import sys
import time

import pytest

from core.paths import Paths
from core.recording.sample_pictures import draw_sample
from core.review.reviewing import (
    BY_PERSON,
    NEWEST,
    SUSPECTED,
    SampleFilter,
    filter_and_sort_ids,
    score_labels,
)
from core.store import Store
from core.store.bin import delete_samples, move_samples
from core.store.curation import list_sessions
from core.store.index import read_index, read_restorable_index, read_samples
from tests.support.many_samples import PROJECT, fill

pytestmark = pytest.mark.slow
N = 100_000


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("many") / "mudra.db"


@pytest.fixture(scope="module")
def many(place):
    """A store of 100,000 samples without pictures."""
    store = Store(place)
    fill(store, N, crops=0)
    yield store
    store.close()


def seconds(act):
    begun = time.process_time()
    act()
    return time.process_time() - begun


def test_a_page_takes_less_than_a_second_wherever_it_is(many):
    project = many.project(PROJECT)

    def page(order, number):
        persons = tuple(person.id for person in many.persons(project.id))
        list_sessions(many, project.id)
        sample_index = read_index(many, project.id)
        ids = filter_and_sort_ids(sample_index, SampleFilter(order=order), persons=persons)
        for sample in read_samples(many, ids[number * 48 :][:48].tolist()):
            draw_sample(sample)

    for order in (NEWEST, BY_PERSON):
        for number in (0, N // 48 - 1):
            assert seconds(lambda o=order, n=number: page(o, n)) < 1


def test_all_are_deleted_moved_and_undone_in_seconds(many):
    project = many.project(PROJECT)
    ids = read_index(many, project.id).ids.tolist()
    assert seconds(lambda: delete_samples(many, project.id, ids)) < 10
    assert len(read_index(many, project.id)) == 0
    assert len(read_restorable_index(many, project.id)) == N
    assert seconds(lambda: many.undo(many.list_history(project.id)[0].id)) < 10
    before = read_index(many, project.id)
    move_samples(many, project.id, ids, many.gestures(project.id)[0].id)
    many.undo(many.list_history(project.id)[0].id)
    after = read_index(many, project.id)
    assert (after.ids == before.ids).all() and (after.gestures == before.gestures).all()


def test_the_most_suspect_of_all_are_found_in_a_minute(many):
    project = many.project(PROJECT)
    sample_index = read_index(many, project.id)
    gestures = [g.id for g in many.gestures(project.id)]
    wrong = sample_index.ids[::2500].tolist()  # from 40 recordings
    of = dict(zip(sample_index.ids.tolist(), sample_index.gestures.tolist(), strict=True))
    for i in wrong:
        to = gestures[(gestures.index(of[i]) + 1) % len(gestures)]
        move_samples(many, project.id, [i], to)
    found = []
    assert seconds(lambda: found.append(score_labels(many, Paths.find(), project))) < 60
    order = filter_and_sort_ids(
        read_index(many, project.id), SampleFilter(order=SUSPECTED), label_noise=found[0]
    )
    assert len(set(order[:100].tolist()) & set(wrong)) > 30


def test_the_look_and_a_training_s_data_stay_within_a_gigabyte(many, place):
    program = f"""
import re
from pathlib import Path
from core.paths import Paths
from core.review.reviewing import score_labels
from core.store import Store
store = Store(Path({str(place)!r}))
project = store.project({many.project(PROJECT).name!r})
score_labels(store, Paths.find(), project)
store.training_data(project.id)
# its own; that of the resource module counts what it was started from, too
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 1024
