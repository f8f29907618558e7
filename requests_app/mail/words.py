"""What the desk says about mail: flags, reasons, and why a mailbox cannot be read."""

from collections.abc import Iterable, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

Words = Promise | str
FLAGS: dict[str, Words] = {
    "reply_to_differs": lazy("The email asks for answers to another address. We answer its sender only."),
    "other_address_in_name": lazy("The name beside the sender shows another address. We do not read it."),
    "many_senders": lazy("The email names more than one sender."),
    "no_sender": lazy("The email names no sender that can be read."),
    "cut": lazy("It was longer than we keep; only its beginning is here."),
    "html_only": lazy("It was a formatted page; only its words are here."),
    "unreadable": lazy("It could not be taken apart. It lies in the mailbox as it came."),
    "many": lazy("A list or a machine sent it, so it was not answered."),
    "nobody": lazy("Its sender takes no answers, so it was not answered."),
    "house": lazy("Somebody of your own house sent it, so it was not answered."),
}
# Worth a second look on the page of a case; the others are said where the mail is read.
LOOK_TWICE = ("reply_to_differs", "other_address_in_name", "many_senders")
REASONS: dict[str, Words] = {
    "not_about_data": lazy("It asks nothing about somebody’s data"),
    "on_the_desk": lazy("It belongs to a request that is on the desk"),
    "advertising": lazy("It is advertising, a list or a machine"),
    "unreadable": lazy("Nobody can read it"),
    "test": lazy("It is a test of ours"),
}
UNREAD: dict[str, Words] = {
    "unreachable": lazy("The mail server does not answer."),
    "no_tls": lazy("The mail server has no TLS, or its certificate is not for its name."),
    "refused": lazy("The mail server does not take the user and the password."),
    "no_folder": lazy("The mailbox has no such folder."),
    "broken": lazy("The mail server answers in a way that we do not understand."),
}


def flag_words(flags: Iterable[str]) -> list[str]:
    """The sentences of these flags; a code of a newer version is shown as it is."""
    return [str(FLAGS.get(flag, flag)) for flag in flags]


def verdict_words(said: Mapping[str, str]) -> str:
    """What the receiving server noted about the sender, as it noted it."""
    return ", ".join(f"{way.upper()} {verdict}" for way, verdict in sorted(said.items()))


def doubt_words(flags: Iterable[str], said: Mapping[str, str]) -> list[str]:
    """What an officer should look at twice once it stands on a case."""
    doubts = flag_words(flag for flag in flags if flag in LOOK_TWICE)
    if "fail" in said.values():
        doubts.append(_("The server that received the email noted: %(verdicts)s.") % {"verdicts": verdict_words(said)})
    return doubts


def unkept_words(attachments: int) -> str:
    """That attachments are not here; empty when there were none."""
    if not attachments:
        return ""
    sentence = ngettext(
        "[%(count)d attachment was not kept. It lies with the email in the mailbox.]",
        "[%(count)d attachments were not kept. They lie with the email in the mailbox.]",
        attachments,
    )
    return sentence % {"count": attachments}
