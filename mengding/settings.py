"""Django settings. Everything a district changes comes from the environment or the console."""

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from mengding.core.actor import Role
from mengding.runtime.state import load_secrets, state_dir

BASE_DIR = Path(__file__).resolve().parent.parent
STATE_DIR = state_dir()
TESTING = "pytest" in sys.modules

_secrets = load_secrets(STATE_DIR)
SECRET_KEY = _secrets.django_key
CONTACT_KEY = _secrets.contact_key
EVIDENCE_KEY = _secrets.evidence_key

DEBUG = False
ALLOWED_HOSTS = os.environ.get("MENGDING_HOSTS", "localhost,127.0.0.1,[::1],testserver").split(",")

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.admin",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "procrastinate.contrib.django",
    "ninja",
    "mengding.jobs",
    "mengding.http",
    "mengding.ledger",
    "mengding.regions",
    "mengding.people",
    "mengding.catalogue",
    "mengding.clocks",
    "mengding.routing",
    "mengding.evidence",
    "mengding.search",
    "mengding.cases",
    "mengding.notices",
    "mengding.figures",
    "mengding.phrases",
    "mengding.presence",
    "mengding.filters",
    "mengding.bulk",
    "mengding.duty",
    "mengding.positions",
    "mengding.tasks",
    "mengding.scores",
    "mengding.resources",
    "mengding.outreach",
    "mengding.escalation",
    "mengding.supervision",
    "mengding.warnings",
    "mengding.indicators",
    "mengding.costs",
    "mengding.field",
    "mengding.open311",
    "mengding.opendata",
    "mengding.briefings",
    "mengding.imports",
    "mengding.demo",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "mengding.http.middleware.RequestContext",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "mengding.people.middleware.ActorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "mengding.http.middleware.Idempotency",
]

ROOT_URLCONF = "mengding.urls"
WSGI_APPLICATION = "mengding.wsgi.application"
LIVE_APP = "mengding.live.app:app"  # raw ASGI, beside the WSGI application on the same port
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "mengding" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]


def _database(url: str) -> dict[str, Any]:
    """A Django database entry from a postgresql:// URL (socket folders as ?host=…)."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise SystemExit("DATABASE_URL: 只支持 postgresql://… / only postgresql:// is supported")
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "mengding",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or options.pop("port", "")),
        # Persistent per thread: the server reuses its threads. No server-side binding: the
        # planner needs the real values to choose between the partial indexes.
        "CONN_MAX_AGE": None if not TESTING else 0,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"application_name": "mengding", **options},
        "TEST": {"NAME": os.environ.get("MENGDING_TEST_DB") or None},
    }


DATABASES = {
    "default": _database(os.environ.get("DATABASE_URL", "postgresql://localhost/mengding"))
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "people.Account"
AUTHENTICATION_BACKENDS = ["mengding.people.backends.Locking"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "mengding.people.passwords.ThreeKinds"},
]


def _roles(text: str) -> frozenset[str]:
    """Role codes with commas between, or "all"."""
    wanted = {part.strip() for part in text.split(",") if part.strip()}
    known = {role.value for role in Role}
    if wanted - known - {"all"}:
        raise SystemExit(
            "MENGDING_REQUIRE_TOTP: 未知角色 / unknown roles: "
            + ", ".join(sorted(wanted - known - {"all"}))
        )
    return frozenset(known if "all" in wanted else wanted)


# Who has to use the second step of signing in.
# Time on duty ends by itself: hours without a roster, minutes behind the end of a shift.
DUTY_LONGEST_H = float(os.environ.get("MENGDING_DUTY_LONGEST_H", "12"))
DUTY_KEEP_DAYS = float(os.environ.get("MENGDING_DUTY_KEEP_DAYS", "730"))
DUTY_GRACE_MIN = float(os.environ.get("MENGDING_DUTY_GRACE_MIN", "30"))
REQUIRE_TOTP = _roles(os.environ.get("MENGDING_REQUIRE_TOTP", ""))

# The day of a month on which the numbers of the month before are closed.
FREEZE_DAY = int(os.environ.get("MENGDING_FREEZE_DAY", "5"))

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
# Static files are served from the packages themselves; a folder that `collectstatic` would fill
# is used where somebody made one (for a proxy to serve it).
STATIC_ROOT = STATE_DIR / "static" if (STATE_DIR / "static").is_dir() else None
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
DESK_DIST = BASE_DIR / "web" / "dist"  # built by scripts/bootstrap.py

EVIDENCE_ROOT = STATE_DIR / "files"
EVIDENCE_UPLOADS = STATE_DIR / "uploads"  # unfinished ones; shared by all web processes
EVIDENCE_S3 = os.environ.get("MENGDING_S3")  # s3://bucket?endpoint_url=…; see docs/operate.md

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = os.environ.get("MENGDING_HTTPS") == "1"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "mengding.evidence.uploads.LimitedUpload",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# Finished jobs leave no row behind: `jobs.JobRun` keeps when each ran last and how it went.
PROCRASTINATE_WORKER_DEFAULTS = {"delete_jobs": "successful"}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
