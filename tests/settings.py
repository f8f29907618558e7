"""The product's own settings, on a folder that is made for this run and removed after it."""

import atexit
import os
import shutil
import tempfile

_folder = tempfile.mkdtemp(prefix="habeas-tests-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ.update(HABEAS_MODE="test", HABEAS_DATA=_folder, HABEAS_BASE_URL="http://testserver")
for _outside in ("REDIS_URL", "HABEAS_SMTP_URL", "HABEAS_ALLOWED_HOSTS", "HABEAS_MASTER_KEY", "HABEAS_SECRET_KEY"):
    os.environ.pop(_outside, None)
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

from portal.settings import *  # noqa: E402, F403
from portal.settings import DATA, DATABASES  # noqa: E402

if "sqlite3" in str(DATABASES["default"]["ENGINE"]):  # a file, so that threads meet the same locks as in life
    DATABASES["default"]["TEST"] = {"NAME": str(DATA / "test.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"  # type: ignore[index]  # options are a dict here
(DATA / "static").mkdir()  # as collectstatic would
CELERY_BROKER_TRANSPORT = "memory"
CELERY_BROKER_URL = "memory://"  # messages are hints; tests do the work themselves
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
