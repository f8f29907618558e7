"""A deletion that is due on its day and cannot be done: said once, tried again after a pause, and done when it can be."""

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from exports.flows import expire
from exports.models import Handle, Job
from portal.kit import clock
from tests.engine.erasing import approve_and_run
from tests.engine.test_erasure_rows import child, shop

pytestmark = pytest.mark.django_db


def test_what_a_source_silently_keeps_is_said_once_and_tried_again_after_a_pause(tmp_path: Path) -> None:
    script = """
    CREATE TABLE notes (id INTEGER PRIMARY KEY, person_id INTEGER, text TEXT);
    INSERT INTO notes VALUES (7, 0, 'hers'), (8, 0, 'hers too');
    CREATE TRIGGER stays BEFORE DELETE ON notes BEGIN SELECT RAISE(IGNORE); END;
    """
    store = shop(tmp_path, script, child("notes", category="later", fields="    - {name: text}"))
    job_id = Job.objects.get(pk=store.start()).pk
    approve_and_run(job_id)
    day = clock.today("UTC") + timedelta(days=40)
    with time_machine.travel(clock.now(), tick=False) as travel:
        for _minute in range(3):
            assert expire.run_due(day) == 0
            travel.shift(timedelta(minutes=1))
        travel.shift(timedelta(hours=7))
        assert expire.run_due(day) == 0
        job = Job.objects.get(pk=job_id)
        assert [one["receipt"]["outcome"] for one in job.receipt["addenda"]] == ["failed"]
        assert "Rows are still there" in job.error
        store.sql("DROP TRIGGER stays")
        assert expire.run_due(day) == 0  # not yet
        travel.shift(timedelta(hours=7))
        assert expire.run_due(day) == 1
    job.refresh_from_db()
    assert [one["receipt"]["outcome"] for one in job.receipt["addenda"]] == ["failed", "complete"]
    assert job.error == ""
    assert store.sql("SELECT * FROM notes") == []
    assert not Handle.objects.exists()
