"""Settings, read once from the environment (portal/env.py). docs/running.md explains each."""

import os
import sys
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from portal.env import ROOT, EnvironmentRefused, environment, kept_secret
from portal.mailboxes import MailboxesRefused, mailboxes
from portal.proxies import ProxiesRefused, networks

try:
    ENV = environment()
    MAILBOXES = mailboxes(ENV["HABEAS_MAILBOXES"])
    TRUSTED_PROXIES = networks(ENV["HABEAS_TRUSTED_PROXIES"])
except (EnvironmentRefused, MailboxesRefused, ProxiesRefused) as refusal:
    sys.exit(str(refusal))

MODE = ENV["HABEAS_MODE"]
if MODE not in {"demo", "production", "test"}:
    sys.exit(f"HABEAS_MODE is {MODE!r}; it may be demo, production or test. Nothing was started.")
IS_DEMO = MODE != "production"
BASE_DIR = ROOT
DATA = Path(ENV["HABEAS_DATA"] or ROOT / "var").resolve()
DEBUG = False


def _secret(name: str) -> str:
    return ENV[name] or ("" if MODE == "production" else kept_secret(DATA / "keys", name.lower()))


SECRET_KEY = _secret("HABEAS_SECRET_KEY") or "refused-by-the-start-up-checks"
MASTER_KEY = _secret("HABEAS_MASTER_KEY")
BASE_URL = ENV["HABEAS_BASE_URL"].rstrip("/") or ("" if MODE == "production" else "http://127.0.0.1:8000")
ALLOWED_HOSTS = [h.strip() for h in ENV["HABEAS_ALLOWED_HOSTS"].split(",") if h.strip()] + [urlsplit(BASE_URL).hostname or "localhost"]
if IS_DEMO:
    ALLOWED_HOSTS += ["127.0.0.1", "localhost", "[::1]"]
CSRF_TRUSTED_ORIGINS = [BASE_URL] if BASE_URL else []

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
    "django_htmx",
    "portal.organisations",
    "exports",
    "requests_app",
    "portal",
    "portal.demo",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.middleware.NotBeforeReplay",
    "portal.middleware.PrivateByDefault",
    "portal.middleware.RefusalPages",
]
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]


KEPT_OPEN = 60  # seconds: a connection serves one request or task after the other


def _database(url: str) -> dict[str, object]:
    """SQLite takes writers one at a time: IMMEDIATE makes them queue instead of failing half-way."""
    if not url:
        options = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
        }
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": DATA / "habeas.sqlite3", "CONN_MAX_AGE": KEPT_OPEN, "OPTIONS": options}
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        sys.exit("DATABASE_URL must begin with postgres://. Nothing was started.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": KEPT_OPEN,
        "CONN_HEALTH_CHECKS": True,  # one that broke meanwhile is opened anew
        "OPTIONS": dict(parse_qsl(parts.query)),  # such as sslmode=verify-full
    }


if MODE != "test":
    os.umask(0o077)  # whatever is written from here on is for its owner only, by every process and its children
DATA.mkdir(parents=True, exist_ok=True, mode=0o700)
DATABASES = {"default": _database(ENV["DATABASE_URL"])}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": ENV["REDIS_URL"]}
    if ENV["REDIS_URL"]
    # it counts tries: at Django's 300 entries a flood of other keys would wipe a count
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 100_000}}
}

# Celery. A folder is the broker unless REDIS_URL is set; the dispatcher re-sends whatever a lost message meant.
QUEUE_FOLDER = DATA / "queue"
if ENV["REDIS_URL"]:
    CELERY_BROKER_URL = ENV["REDIS_URL"]
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {"visibility_timeout": 6 * 3600, "unacked_restore_throttle": 1}
else:
    for folder in ("messages", "processed", "control"):
        (QUEUE_FOLDER / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
    CELERY_BROKER_URL = "filesystem://"
    CELERY_BROKER_TRANSPORT = "portal.folder_broker.Transport"  # Kombu's own ends a worker that reads a message too early
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(QUEUE_FOLDER / "messages"),
        "data_folder_out": str(QUEUE_FOLDER / "messages"),
        "processed_folder": str(QUEUE_FOLDER / "processed"),
        "control_folder": str(QUEUE_FOLDER / "control"),
        "store_processed": False,
        "polling_interval": 0.1,
    }
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"  # in memory: nothing about time is kept outside the database
CELERY_BEAT_MAX_LOOP_INTERVAL = 1
CELERY_BEAT_SCHEDULE = {
    "due jobs": {"task": "exports.dispatch", "schedule": 2.0, "options": {"expires": 10}},
    "due letters and cases": {"task": "requests_app.dispatch", "schedule": 2.0, "options": {"expires": 10}},
    "expiries": {"task": "requests_app.expire", "schedule": 60.0, "options": {"expires": 50}},
    "reminders": {"task": "requests_app.remind", "schedule": 300.0, "options": {"expires": 250}},
    "retention sweeps": {"task": "exports.sweep", "schedule": 300.0, "options": {"expires": 250}},
    "what was kept long enough": {"task": "requests_app.forget", "schedule": 3600.0, "options": {"expires": 3500}},
    "deferred erasures and old archives": {"task": "exports.expire", "schedule": 60.0, "options": {"expires": 50}},
}
if MAILBOXES:
    CELERY_BEAT_SCHEDULE["mailboxes"] = {"task": "requests_app.fetch_mail", "schedule": 30.0, "options": {"expires": 25}}

# Mail
DEFAULT_FROM_EMAIL = ENV["HABEAS_MAIL_FROM"]
OUTBOX_FOLDER = DATA / "outbox"
if ENV["HABEAS_SMTP_URL"]:
    _smtp = urlsplit(ENV["HABEAS_SMTP_URL"])
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST = _smtp.hostname or "localhost"
    EMAIL_PORT = _smtp.port or 25
    EMAIL_HOST_USER = unquote(_smtp.username or "")
    EMAIL_HOST_PASSWORD = unquote(_smtp.password or "")
    EMAIL_USE_SSL = _smtp.scheme == "smtps"
    EMAIL_TIMEOUT = 20
else:
    EMAIL_BACKEND = "portal.demo.outbox.OutboxBackend"

# Staff sign-in: allauth. Requesters have no account.
AUTH_USER_MODEL = "organisations.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "desk:queue"
ACCOUNT_ADAPTER = "portal.organisations.signin.StaffAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_VERIFICATION = "none"  # accounts are made by an admin, never by sign-up
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = IS_DEMO
SOCIALACCOUNT_AUTO_SIGNUP = False

# Sessions and cookies
SESSION_COOKIE_NAME = "habeas"
SESSION_COOKIE_AGE = 30 * 60
SESSION_SAVE_EVERY_REQUEST = False
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BASE_URL.startswith("https://")
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "portal.middleware.csrf_failed"
# Under no-referrer browsers send “Origin: null” with every form, and the check against forged forms refuses it. Nothing leaves this origin.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31536000 if BASE_URL.startswith("https://") else 0
X_FRAME_OPTIONS = "DENY"
# form-action also governs the redirect after a form; same origin is all we need.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "style-src": [SELF],
        "script-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 300
# Files are held in memory until they are sealed: what is bigger is dropped, and nothing lies about in the clear.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 21_000_000

# Words and dates
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [ROOT / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATICFILES_DIRS = [ROOT / "static"]
STATIC_ROOT = DATA / "static"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": DATA / "files"}},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

if not (ENV["HABEAS_CASE_DAYS"].isdecimal() and 30 <= int(ENV["HABEAS_CASE_DAYS"]) <= 3650):
    sys.exit(f"HABEAS_CASE_DAYS is {ENV['HABEAS_CASE_DAYS']!r}; it may be a number from 30 to 3650. Nothing was started.")
CASE_DAYS = int(ENV["HABEAS_CASE_DAYS"])
if not (ENV["HABEAS_ARCHIVE_MB"].isdecimal() and 10 <= int(ENV["HABEAS_ARCHIVE_MB"]) <= 1_000_000):
    sys.exit(f"HABEAS_ARCHIVE_MB is {ENV['HABEAS_ARCHIVE_MB']!r}; it may be a number from 10 to 1000000. Nothing was started.")
ARCHIVE_MOST = int(ENV["HABEAS_ARCHIVE_MB"]) * 1_000_000  # bytes
SPOOL_FOLDER = DATA / "spools"
ARCHIVE_FOLDER = DATA / "archives"
LEDGER_FOLDER = Path(ENV["HABEAS_LEDGER"] or DATA / "ledger").resolve()
FORMS_URLFIELD_ASSUME_HTTPS = True
SILENCED_SYSTEM_CHECKS: list[str] = []

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"no_personal": {"()": "portal.kit.logging.WithoutPersonalWords"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["no_personal"]}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    # WeasyPrint names the letters of a text that no font has: somebody’s name, often
    "loggers": {
        "habeas": {"level": "INFO"},
        "celery": {"level": "WARNING"},
        "weasyprint": {"level": "ERROR"},
        "kombu": {"level": "ERROR"},
        # they tell every address that is asked for, and whom it is about
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
    },
}
