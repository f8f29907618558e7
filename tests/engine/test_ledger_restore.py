"""A Habeas database that was really copied back, with the source beside it, in processes of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]

BEFORE = """
import json, pathlib
from django.core.management import call_command
from django.db import connection
call_command("migrate", verbosity=0)
from tests.engine.test_ledger import DATASET, SCRIPT, rows, shop
store = shop(pathlib.Path(FOLDER) / "store", SCRIPT, DATASET)
connection.cursor().execute("VACUUM INTO %s", [FOLDER + "/backup.sqlite3"])
(pathlib.Path(FOLDER) / "source.backup").write_bytes(store.files["shop"].read_bytes())
assert store.erase()["outcome"] == "complete"
print(json.dumps(rows(store)))
"""
AFTER = """
import json, pathlib
from django.test import Client
from exports import api, tasks
from exports.models import Job
from tests.engine.erasing import Store
from tests.engine.test_ledger import rows
store = Store(None, pathlib.Path(FOLDER), {"shop": pathlib.Path(FOLDER) / "store" / "shop.sqlite3"})
codes = [Client().get(path, headers={"host": "localhost"}).status_code for path in ("/healthz", "/readyz", "/o/shop/")]
assert tasks.dispatch() == 1
tasks.run_job(str(Job.objects.get().pk))
codes += [Client().get(path, headers={"host": "localhost"}).status_code for path in ("/readyz", "/o/shop/")]
print(json.dumps([codes, api.receipt(Job.objects.get().pk)["receipt"]["totals"], rows(store)]))
"""


def asked(folder: Path, script: str) -> Any:
    """What the script prints last, run with the product's own settings on a data folder of its own."""
    text = f"import django; django.setup(); FOLDER = {str(folder)!r}\n{script}"
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("HABEAS_") and name not in ("DATABASE_URL", "REDIS_URL")
    }
    environment = {**kept, "HABEAS_DATA": str(folder / "data"), "DJANGO_SETTINGS_MODULE": "portal.settings", "PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, "-c", text], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=180, check=False)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])


@pytest.mark.story
def test_a_database_that_was_copied_back_serves_nobody_until_what_it_does_not_know_was_erased_again(tmp_path: Path) -> None:
    erased = asked(tmp_path, BEFORE)
    for end in ("-wal", "-shm"):
        (tmp_path / "data" / f"habeas.sqlite3{end}").unlink(missing_ok=True)
    (tmp_path / "backup.sqlite3").replace(tmp_path / "data" / "habeas.sqlite3")
    (tmp_path / "source.backup").replace(tmp_path / "store" / "shop.sqlite3")
    codes, totals, rows = asked(tmp_path, AFTER)
    assert codes == [200, 503, 503, 200, 200]
    assert totals == {"rows": 4, "found_again": 4, "as_erased": 4, "others": 0, "left": 0}
    assert rows == erased
