"""Work that outlives the page that began it."""

import threading

from core.errors import MediaError
from core.jobs.job import Job


def test_a_job_tells_its_share_while_it_goes_on_and_its_result_afterwards():
    told, may_end = threading.Event(), threading.Event()

    def work(progress):
        progress(0.25)
        told.set()
        may_end.wait(10)
        return "three samples"

    job = Job(work)
    job.thread.start()
    assert told.wait(10)
    assert not job.over() and job.share == 0.25 and job.result is None
    may_end.set()
    assert job.over(10) and job.result == "three samples" and job.error is None


def test_what_a_job_raised_is_kept_for_who_asks():
    def work(progress):
        raise MediaError("no such picture")

    job = Job(work)
    job.thread.start()
    assert job.over(10) and job.result is None
    assert str(job.error) == "no such picture"
