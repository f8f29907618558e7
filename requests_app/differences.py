"""What differs between two versions of a policy, in words: rights, data, recipients, laws, periods. Plain values in, sentences out."""

from collections.abc import Iterator, Mapping, Sequence

from django.utils.translation import gettext as _

from portal.organisations.promises import UNSPECIFIED, Category, Fate, PolicyDocument, Recipient, RightPromise
from requests_app.rules.regimes import regime_named


def differences(old: PolicyDocument, new: PolicyDocument) -> list[str]:
    """Each change as a sentence, what concerns people most first; empty where nothing that people can see has changed."""
    return [*_rights(old, new), *_categories(old, new), *_recipients(old, new), *_laws(old, new), *_plain(old, new), *_sayings(old, new)]


def _rights(old: PolicyDocument, new: PolicyDocument) -> Iterator[str]:
    before, after = _offered(old), _offered(new)
    yield from (_("New right: %(what)s.") % {"what": _named(one)} for key, one in after.items() if key not in before)
    yield from (_("No longer promised: %(what)s.") % {"what": _named(one)} for key, one in before.items() if key not in after)
    for key in [key for key in after if key in before]:
        yield from _right(before[key], after[key])


def _offered(promises: PolicyDocument) -> Mapping[str, RightPromise]:
    return {key: one for key, one in promises.rights.items() if one.offered}


def _named(promise: RightPromise) -> str:
    return promise.title or promise.right


def _right(old: RightPromise, new: RightPromise) -> Iterator[str]:
    what = {"what": _named(new)}
    if (old.days, old.start) != (new.days, new.start):
        yield _("%(what)s: %(new)s, before %(old)s.") % {**what, "new": _days(new), "old": _days(old)}
    if old.free_months != new.free_months:
        yield _("%(what)s: %(new)s, before %(old)s.") % {**what, "new": _free(new), "old": _free(old)}
    if set(old.verification) != set(new.verification):
        asks = _("we ask for a second code") if "second_code" in new.verification else _("we no longer ask for a second code")
        yield _("%(what)s: %(asks)s.") % {**what, "asks": asks}
    if old.automatic_release != new.automatic_release:
        said = _("goes out without an officer") if new.automatic_release else _("an officer checks it first")
        yield _("%(what)s: %(said)s.") % {**what, "said": said}
    if old.self_service != new.self_service and new.self_service:
        yield _("%(what)s, by yourself: %(how)s") % {**what, "how": new.self_service}


def _days(promise: RightPromise) -> str:
    if promise.days is None:
        return _("no number of days of our own")
    if promise.start == "verified":
        return _("%(days)d days from the day you confirm") % {"days": promise.days}
    return _("%(days)d days from the day we get it") % {"days": promise.days}


def _free(promise: RightPromise) -> str:
    if promise.free_months is None:
        return _("nothing said about a fee")
    return _("free once in %(months)d months") % {"months": promise.free_months}


def _categories(old: PolicyDocument, new: PolicyDocument) -> Iterator[str]:
    before, after = {one.key: one for one in old.categories}, {one.key: one for one in new.categories}
    yield from (_("New kind of data: %(what)s.") % {"what": one.title} for key, one in after.items() if key not in before)
    yield from (_("No longer named: %(what)s.") % {"what": one.title} for key, one in before.items() if key not in after)
    for key in [key for key in after if key in before]:
        yield from _category(before[key], after[key])


def _category(old: Category, new: Category) -> Iterator[str]:
    pairs = (
        (_("how long we keep it"), old.retention, new.retention),
        (_("what we use it for"), "; ".join(old.purposes), "; ".join(new.purposes)),
        (_("why we may"), old.basis_words or ", ".join(old.basis), new.basis_words or ", ".join(new.basis)),
        (_("where it comes from"), old.origin, new.origin),
        (_("what it is"), old.examples, new.examples),
        (_("when you ask us to delete it"), _fate(old.on_deletion), _fate(new.on_deletion)),
    )
    yield from _pairs(new.title, pairs)
    if old.held != new.held:
        yield _("%(what)s: we hold it now.") % {"what": new.title} if new.held else _("%(what)s: no longer held.") % {"what": new.title}


def _fate(fate: Fate) -> str:
    words = {"now": _("it goes at once"), "after": _("it goes after %(period)s"), "kept": _("it is kept")}
    return str(words[fate.when]) % {"period": fate.period or UNSPECIFIED} + (f" ({fate.because})" if fate.because else "")


def _recipients(old: PolicyDocument, new: PolicyDocument) -> Iterator[str]:
    before, after = {one.key: one for one in old.recipients}, {one.key: one for one in new.recipients}
    yield from (_("New recipient: %(what)s.") % {"what": _who(one)} for key, one in after.items() if key not in before)
    yield from (_("No longer a recipient: %(what)s.") % {"what": one.name} for key, one in before.items() if key not in after)
    for key in [key for key in after if key in before]:
        one, other = before[key], after[key]
        fields = ((_("what for"), "purpose"), (_("which data"), "data"), (_("where"), "place"))
        yield from _pairs(other.name, [(words, getattr(one, name), getattr(other, name)) for words, name in fields])


def _who(one: Recipient) -> str:
    return f"{one.name} ({_stated(one.purpose)})"


def _laws(old: PolicyDocument, new: PolicyDocument) -> Iterator[str]:
    before, after = set(old.regimes), set(new.regimes)
    for word in sorted(after - before):
        yield _("This law now counts for everybody: %(law)s.") % {"law": regime_named(word).plain}
    for word in sorted(before - after):
        yield _("This law is no longer named for everybody: %(law)s.") % {"law": regime_named(word).plain}
    places = {**old.residence_regimes, **new.residence_regimes}
    for place in (place for place in places if old.residence_regimes.get(place) != new.residence_regimes.get(place)):
        now = new.residence_regimes.get(place)
        law = regime_named(now).plain if now else _("no law is named any more")
        yield _("For people in %(place)s: %(law)s.") % {"place": dict(new.countries).get(place, place), "law": law}


def _plain(old: PolicyDocument, new: PolicyDocument) -> Iterator[str]:
    """What stands by itself."""
    fields = (
        (_("Who we are"), "legal_name"),
        (_("Where your data is"), "location"),
        (_("Days until backups are clear"), "backups_days"),
        (_("Expired data is gone within"), "expiry_within"),
        (_("Not meant for people under"), "minimum_age"),
        (_("Days for which a copy can be fetched"), "archive_days"),
    )
    for words, name in fields:
        if getattr(old, name) != getattr(new, name):
            yield _("%(what)s: %(new)s, before: %(old)s.") % {
                "what": words,
                "new": _stated(getattr(new, name)),
                "old": _stated(getattr(old, name)),
            }
    if old.contacts.privacy_email != new.contacts.privacy_email:
        yield _("Write to %(new)s, before: %(old)s.") % {"new": new.contacts.privacy_email, "old": old.contacts.privacy_email}


def _sayings(old: PolicyDocument, new: PolicyDocument) -> Iterator[str]:
    """Sentences that came or went, as they stand in the policy."""
    for before, after in ((old.statements, new.statements), (old.transfers, new.transfers)):
        yield from (_("New: “%(said)s”") % {"said": one} for one in after if one not in before)
        yield from (_("No longer said: “%(said)s”") % {"said": one} for one in before if one not in after)


def _pairs(what: str, pairs: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    for words, old, new in pairs:
        if old != new:
            yield _("%(what)s, %(words)s: %(new)s. Before: %(old)s.") % {
                "what": what,
                "words": words,
                "new": _stated(new).rstrip("."),
                "old": _stated(old).rstrip("."),
            }


def _stated(value: object) -> str:
    return _("the policy does not say") if value in (None, "", UNSPECIFIED) else str(value)
