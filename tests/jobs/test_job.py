"""Work that outlives the page that started it."""

import threading

from core.errors import MediaError
from core.jobs.job import Job


def test_a_job_shows_its_progress_while_it_runs_and_its_result_afterwards():
    reported, may_end = threading.Event(), threading.Event()

    def work(progress):
        progress(1, 4)
        reported.set()
        may_end.wait(10)
        return "three samples"

    job = Job(work)
    job.thread.start()
    assert reported.wait(10)
    assert not job.wait() and job.fraction == 0.25 and job.result is None
    may_end.set()
    assert job.wait(10) and job.result == "three samples" and job.error is None


def test_what_a_job_raised_is_kept():
    def work(progress):
        raise MediaError("no such picture")

    job = Job(work)
    job.thread.start()
    assert job.wait(10) and job.result is None
    assert str(job.error) == "no such picture"
