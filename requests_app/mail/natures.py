"""Who may be answered: a person. Machines, lists and bounces are not, or two machines would write to each other for ever."""

import re
from collections.abc import Callable
from enum import StrEnum

Header = Callable[[str], str]  # the value of a header, folded to one line; empty if there is none

NOBODYS_NAMES = re.compile(r"(no-?reply|do-?not-?reply|bounces?|mailer-daemon|postmaster)([+.=-].*)?", re.IGNORECASE)
ANSWERS_ITSELF = ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply", "X-AutoReply-From", "X-Mail-Autoreply")
OF_MANY = ("List-Id", "List-Unsubscribe", "List-Post", "Feedback-ID", "X-Loop")


class Nature(StrEnum):
    PERSON = "person"
    BOUNCE = "bounce"  # says that a mail did not arrive
    AUTOMATIC = "automatic"  # a machine answers a mail
    MANY = "many"  # to many, or by a machine on its own account; a person may stand behind it
    NOBODY = "nobody"  # its sender takes no answer


def nature_of(header: Header, sender: str, *, is_null: bool) -> Nature:
    """What wrote this. `is_null` says that the envelope named no sender."""
    kind = _parameters(header("Content-Type"))
    submitted = _first(header("Auto-Submitted"))
    precedence = _first(header("Precedence"))
    name = sender.rpartition("@")[0]
    is_report = kind["type"] == "multipart/report"
    if (is_report and kind["report-type"] in ("delivery-status", "")) or header("X-Failed-Recipients"):
        return Nature.BOUNCE
    if name.casefold() == "mailer-daemon" or (is_null and name.casefold() in ("postmaster", "")):
        return Nature.BOUNCE
    if is_report or submitted == "auto-replied" or precedence in ("auto_reply", "auto-reply"):
        return Nature.AUTOMATIC
    if any(header(one) for one in ANSWERS_ITSELF):
        return Nature.AUTOMATIC
    if submitted not in ("", "no") or precedence in ("bulk", "list", "junk") or any(header(one) for one in OF_MANY):
        return Nature.MANY
    return Nature.NOBODY if is_null or NOBODYS_NAMES.fullmatch(name) else Nature.PERSON


def _first(value: str) -> str:
    return value.partition(";")[0].split("(")[0].strip().casefold()


def _parameters(content_type: str) -> dict[str, str]:
    report = re.search(r"report-type\s*=\s*\"?([\w-]{1,40})", content_type, re.IGNORECASE)
    return {"type": _first(content_type), "report-type": report[1].casefold() if report else ""}
