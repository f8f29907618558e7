"""Writes docs/regimes.md from the law packs, so that a lawyer can read on one page what the engine believes."""

from requests_app.rules.explaining import RIGHT_WORDS
from requests_app.rules.laws import ClockRule, Extension, Period, Regime
from requests_app.rules.reasons import EXTENSION_REASONS
from requests_app.rules.regimes import load_regimes
from requests_app.rules.rights import Right
from requests_app.rules.wording import day, length

HEAD = """# Laws and their clocks

This page is written from the files in `requests_app/rules/regimes/` by `./start manage regimes_page`; a test fails when it is out of date.
Change the file of a law, never this page. It is not legal advice: a lawyer confirms a law before it is switched on.

The letter after a statement says how far it was checked: **S** the text itself was read, **T** seen in a secondary source,
**R** from general knowledge. A law that was not checked for a year warns and keeps working. “On” means on by default in a new installation;
a law that an organisation names in its own file always binds. Alabama's law, in force from 2027, is left out: nothing of it was verified.

How dates are counted: every time becomes a local calendar date of the controller first, and a due date runs to the end of its day.
The day of receipt is not counted. A month ends on the same day number, or on the last day of a shorter month. Pause days are added, then
the date moves to the next working day where the law says so. An extension is counted from the start date, never from a moved first date.
"""
STATUS = {"in_force": "in force", "not_yet_in_force": "not yet in force", "house_rule": "our own rule"}


def regimes_page() -> str:
    """The whole page as Markdown."""
    regimes = list(load_regimes().values())
    rows = [_row(regime) for regime in regimes]
    table = ["| id | law | answer | longer | on | status |", "|---|---|---|---|---|---|", *rows]
    return "\n".join([HEAD, *table, "", *(line for regime in regimes for line in _section(regime))]).rstrip() + "\n"


def _row(regime: Regime) -> str:
    first = regime.clocks[0]
    cells = (f"[`{regime.id}`](#{regime.id.lower()})", regime.title, _period(first.answer), _longer(first))
    return f"| {' | '.join(cells)} | {'yes' if regime.enabled else 'no'} | {STATUS[regime.status]} |"


def _period(period: Period | None) -> str:
    return f"{length(period.count, period.unit)} ({period.check})" if period else "no number"


def _longer(clock: ClockRule) -> str:
    more = clock.extension
    if more is None or clock.answer is None:
        return "no"
    if more.more is None:
        return f"no longest date ({more.check})"
    return f"{length(more.more, clock.answer.unit)} ({more.check})"


def _section(regime: Regime) -> list[str]:
    places = ", ".join(f"`{place}`" for place in regime.places) or "none: an organisation names it"
    lines = [f"## {regime.id}", "", f"{regime.title}. {regime.citation}.", ""]
    lines += [f"- Last checked: {day(regime.last_checked)}; {STATUS[regime.status]}; {'on' if regime.enabled else 'off'} by default"]
    lines += [f"- Binds for residents of: {places}", f"- Calendar: `{regime.calendar}`; time zone: {regime.timezone}"]
    lines += [f"- Fee: {regime.fee.sentence} {regime.fee.citation} ({regime.fee.check})", f"- Refusal: {regime.refusal_says}"]
    lines += [f"- Appeal: {regime.appeal}"] if regime.appeal else []
    lines += [
        f"- Complaint: {_linked(regime.authority.name, regime.authority.url)}. {regime.authority.complain} ({regime.authority.check})"
    ]
    lines += [f"- Records: {regime.records}", *(f"- Note: {note}" for note in regime.notes), ""]
    for clock in regime.clocks:
        lines += [*_clock(clock), ""]
    lines += [*_grounds(regime), ""]
    if regime.sources:
        lines += ["Sources: " + "; ".join(f"{_linked(source.title, source.url)} ({source.check})" for source in regime.sources) + ".", ""]
    return lines


def _linked(title: str, url: str) -> str:
    return f"[{title}]({url})" if url else title


def _clock(clock: ClockRule) -> list[str]:
    named = ", ".join(RIGHT_WORDS[right] for right in Right if right in clock.rights)
    lines = [f"**{named[0].upper()}{named[1:]}.** {clock.rule}", ""]
    for label, period in (("Answer", clock.answer), ("Confirm receipt", clock.acknowledge)):
        if period:
            rolls = "; a last day that is not a working day moves to the next one" if period.rolls else ""
            lines.append(f"- {label}: {length(period.count, period.unit)}, {period.citation} ({period.check}){rolls}")
    lines += _more(clock.extension)
    lines += [f"- Start: {wait.because}" for wait in clock.waits] + [f"- Pause: {pause.because}" for pause in clock.pauses]
    lines += [f"- No number in the law; our own target is {length(clock.target_days, 'day')}"] if clock.target_days is not None else []
    return [*lines, *([f"- {clock.note}"] if clock.note else [])]


def _more(extension: Extension | None) -> list[str]:
    if extension is None:
        return ["- Extension: none"]
    reasons = ", ".join(f"`{code}`" for code in EXTENSION_REASONS if code in extension.reasons)
    return [f"- Extension: {extension.notice} {extension.citation} ({extension.check}). Reasons: {reasons}"]


def _grounds(regime: Regime) -> list[str]:
    head = ["| refusal ground | rights | evidence | second person | where |", "|---|---|---|---|---|"]
    rows = []
    for ground in regime.refusal_grounds:
        named = ", ".join(RIGHT_WORDS[right] for right in Right if right in ground.rights)
        needs = ["yes" if needed else "no" for needed in (ground.needs_evidence, ground.needs_second_person)]
        rows.append(f"| `{ground.code}` {ground.title} | {named} | {needs[0]} | {needs[1]} | {ground.citation} ({ground.check}) |")
    return [*head, *rows]
