"""Dates, masked values and the words of one thing in one place: the filters of every page and letter."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils import dateformat
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kit.masking import mask_email, mask_text

register = template.Library()


def _as_date(value: Any) -> date | datetime | None:
    """Dates come from the database as dates and from stored clocks as ISO text."""
    if isinstance(value, str):
        try:
            return date.fromisoformat(value[:10])
        except ValueError:
            return None
    return value if isinstance(value, date) else None


def _formatted(value: Any, form: str) -> str:
    day_of = _as_date(value)
    return dateformat.format(day_of, form) if day_of else ""


@register.filter
def day(value: Any) -> str:
    """14 October 2026"""
    return _formatted(value, _("j F Y"))


@register.filter
def day_short(value: Any) -> str:
    """14 October"""
    return _formatted(value, _("j F"))


@register.filter
def month(value: Any) -> str:
    """October 2026"""
    return _formatted(value, _("F Y"))


@register.filter
def weekday(value: Any) -> str:
    """Wednesday"""
    return _formatted(value, "l")


@register.filter
def iso_day(value: Any) -> str:
    """2026-10-14, for the datetime attribute."""
    return _formatted(value, "Y-m-d")


@register.filter
def masked(value: str) -> str:
    """r•••@example.org; anything else as its first sign and dots."""
    return mask_email(value) if "@" in value else mask_text(value)


@register.filter
def stated(value: Any) -> str:
    """A promise in words; where the policy says nothing, that."""
    return _("The policy does not say") if value in (None, "", "unspecified") else str(value)


@register.filter
def size(count: int) -> str:
    """4.2 MB, as file managers say it."""
    if count < 1_000:
        return ngettext("%(count)d byte", "%(count)d bytes", count) % {"count": count}
    if count < 1_000_000:
        return _("%(count)d kB") % {"count": round(count / 1_000)}
    if count < 1_000_000_000:
        return _("%(count).1f MB") % {"count": count / 1_000_000}
    return _("%(count).1f GB") % {"count": count / 1_000_000_000}


@register.filter
def number(count: int) -> str:
    """2,906"""
    return f"{count:,}"


def _place_of(form: Any, name: str) -> str:
    """Where a problem is mended: its field, or the page as a whole."""
    return form[name].id_for_label or name if name in form.fields else "main"


@register.inclusion_tag("public/_problems.html")
def problems_of(form: Any) -> dict[str, Any]:
    """The summary at the top of a page that failed, with a link to each field."""
    return {"problems": [(_place_of(form, name), text) for name, texts in form.errors.items() for text in texts]}


@register.inclusion_tag("public/_field.html")
def field_of(form: Any, name: str, look: str = "") -> dict[str, Any]:
    """One labelled control: hint above it, problem between hint and control."""
    bound = form[name]
    described = [f"{bound.id_for_label}-{part}" for part, there in (("hint", bound.help_text), ("problem", bound.errors)) if there]
    attributes = {"class": look} if look else {}
    if described:
        attributes["aria-describedby"] = " ".join(described)
    control: SafeString = bound.as_widget(attrs=attributes)
    return {"field": bound, "control": control, "is_optional": not bound.field.required}


@register.filter
def local(value: datetime | None, zone: ZoneInfo) -> datetime | None:
    """The moment in an organisation's own time: its local day is the one that counts."""
    return value.astimezone(zone) if value else None


@register.filter
def nth(values: Any, place: int) -> Any:
    """The value at this place of a list that runs beside another."""
    return values[place]
