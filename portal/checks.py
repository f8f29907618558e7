"""Start-up checks: id, sentence, hint. Production refuses what a demo may do."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security)
def production_is_configured(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Nothing that a demo makes up by itself is good enough for people's data."""
    if settings.MODE != "production":
        return []
    wanted = [
        ("habeas.E001", settings.ENV["HABEAS_SECRET_KEY"], "HABEAS_SECRET_KEY is not set.", "Set it to 50 random characters."),
        ("habeas.E002", settings.BASE_URL.startswith("https://"), "HABEAS_BASE_URL is not an https:// address.", "Letters link to it."),
        (
            "habeas.E003",
            settings.ENV["HABEAS_SMTP_URL"],
            "HABEAS_SMTP_URL is not set: nobody would get a code.",
            "smtp://user:password@host:587",
        ),
    ]
    return [Error(sentence, hint=hint, id=name) for name, good, sentence, hint in wanted if not good]


@register(Tags.security)
def master_key_is_a_key(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Without it nothing can be sealed or opened."""
    key = settings.MASTER_KEY
    if len(key) == 64 and all(sign in "0123456789abcdefABCDEF" for sign in key):
        return []
    return [
        Error(
            "HABEAS_MASTER_KEY is not 64 hex digits.", hint="Make one: openssl rand -hex 32. Keep it apart from backups.", id="habeas.E004"
        )
    ]
