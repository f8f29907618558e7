"""One step of collecting: asks one collection, treats each record by the disclosure rules, and spools it sealed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain
from typing import Any

from django.utils.translation import gettext as _

from exports.archive.cover import Column
from exports.connectors.base import ColumnSchema, Reader, Row, SourceMismatch, TableSchema, WritesRows, Written
from exports.datasets import Collection, Field
from exports.disclosure import SECRET, STAFF, THIRD_PARTY, Tally, Treatment, disclose, naming, treatments
from exports.documents import Ways, by_column, own_part, read_exactly
from exports.flows.leasing import Held
from exports.flows.spooling import Spool
from exports.flows.writing import has_no_blank_rows, write
from exports.models import Job, Step
from exports.query import AllOf, Outside, Query
from exports.selection import chosen_fields
from exports.sources import Survey, seeds_of

BATCH = MANY = 1000
ARCHIVE_TYPES = {"json": "any"}


@dataclass(frozen=True)
class Gathered:
    """What one step brought. `facts` holds columns, reasons and gaps; no value of any record."""

    tally: Tally
    spool: str
    note: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def covered(self) -> int:
        """Cells about other people."""
        return self.tally.count(THIRD_PARTY, STAFF)


@dataclass(frozen=True)
class _Asking:
    reader: Reader
    asked: Query
    treated: Sequence[Treatment]
    named: Sequence[str]
    columns: Sequence[ColumnSchema]
    ways: Mapping[str, Ways] = field(default_factory=dict)  # by column: what makes an element of its document the person's
    documents: frozenset[str] = frozenset()  # columns whose insides the dataset describes


def gather(held: Held, job: Job, *, survey: Survey, step: Step) -> Gathered:
    """Ask the collection and spool what it answers; raises SourceError, and then leaves no spool behind."""
    visit = survey.walk.by_address[step.collection]
    reader, query = survey.reader(step.collection), survey.questions.query(step.collection)
    live = _live(reader, query.collection)
    wanted = chosen_fields(visit.collection, job.categories)
    fields = tuple(part for part in wanted if part.name in live.columns)
    missing = [part.name for part in wanted if part not in fields]
    if not fields:
        raise SourceMismatch(_("The table '%(table)s' has none of the columns that the dataset names.") % {"table": live.name})
    named = tuple(name for name in naming(visit.collection, job.identities) if name in live.columns)
    treated = treatments(visit.collection, fields, _secret(job), named=named)
    asked = Query(query.collection, query.where, tuple(dict.fromkeys([*(part.name for part in fields), *named])))
    inside = frozenset(part.name for part in fields if part.fields)
    ways = _ways(visit.collection, survey.questions.own_words(step.collection))
    asking = _Asking(reader, asked, treated, named, tuple(live.columns[part.name] for part in fields), ways, inside)
    tally, spool, is_written = _answer(held, job, step, asking)
    alike = _lookalikes(survey, step.collection, reader, query)
    facts = {
        "columns": [asdict(column) for column in _columns(visit.collection, fields, live, treated)],
        "withheld": tally.told(SECRET),
        "covered": tally.told(THIRD_PARTY, STAFF),
        "lookalikes": alike,
        "written": is_written,
    }
    if missing:
        facts["gap"] = _("%(title)s: the columns %(names)s do not exist there.") % {"title": step.title, "names": ", ".join(missing)}
    return Gathered(tally, spool, _note(facts, alike), facts)


def _live(reader: Reader, table: str) -> TableSchema:
    found = reader.describe().tables.get(table)
    if found is None:
        raise SourceMismatch(_("The table '%(table)s' does not exist there.") % {"table": table})
    return found


def _secret(job: Job) -> frozenset[str]:
    return frozenset(category.key for category in job.policy.read().categories if category.secret)


def _answer(held: Held, job: Job, step: Step, asking: _Asking) -> tuple[Tally, str, bool]:
    """Where there are many records, their source is asked to write them itself, if it can. True when it did."""
    if _may_be_written(asking) and (written := _written(asking)) and written.count >= MANY:
        count, spool = write(job, step, written, columns=asking.columns, renew=held.renew)
        return Tally(found=count, disclosed=count), spool, True
    batches = iter(asking.reader.read(asking.asked, batch=BATCH))
    first = next(batches, [])
    if not first:
        return Tally(), "", False
    return *_spool(held, job, step, asking, chain([first], batches)), False


def _may_be_written(asking: _Asking) -> bool:
    """Nothing of these records is held back, nothing is inside their cells, and none of them can be a blank line."""
    if not isinstance(asking.reader, WritesRows):
        return False
    treated = any(treatment.why or treatment.inside for treatment in asking.treated)
    return not (treated or asking.ways or asking.documents) and has_no_blank_rows(asking.columns)


def _written(asking: _Asking) -> Written | None:
    asked = Query(asking.asked.collection, asking.asked.where, tuple(column.name for column in asking.columns))
    return asking.reader.written(asked) if isinstance(asking.reader, WritesRows) else None


def _spool(held: Held, job: Job, step: Step, asking: _Asking, batches: Iterable[list[Row]]) -> tuple[Tally, str]:
    tally, asked = Tally(), asking.asked
    own = frozenset(seed for kind, value in job.identities.items() for seed in seeds_of(kind, value))
    nested = {name for name, column in asking.reader.describe().tables[asked.collection].columns.items() if column.type == "json"}
    nested |= asking.documents
    titles = {treatment.name: treatment.title for treatment in asking.treated}
    with Spool(job, step) as spool:
        for batch in batches:
            held.renew()
            rows = (_own_elements(_opened(row, nested), asking.ways, titles, tally) for row in batch)
            shown = (disclose(row, asking.treated, own, tally, named=asking.named) for row in rows)
            spool.add([record for record in shown if record is not None])
    return tally, spool.name


def _ways(collection: Collection, words: Mapping[str, frozenset[str]]) -> dict[str, Ways]:
    """By column: the paths by which the collection is reached, but for arrays of which the file wants all elements."""
    leaves = {path: collection.field_at(path) for path in words}
    return by_column({path: own for path, own in words.items() if not ((leaf := leaves[path]) and leaf.return_all_elements)})


def _own_elements(row: dict[str, Any], ways: Mapping[str, Ways], titles: Mapping[str, str], tally: Tally) -> dict[str, Any]:
    """The row with those elements of its arrays that are the person's; the others are counted as covered."""
    for name, way in ways.items():
        if name in row:
            row[name], others = own_part(row[name], way)
            if others:
                tally.cells[titles.get(name, name), THIRD_PARTY] += others
    return row


def _opened(row: dict[str, Any], nested: set[str]) -> dict[str, Any]:
    """JSON that a database hands out as text becomes JSON again."""
    for name in nested & row.keys():
        if isinstance(row[name], str):
            try:
                row[name] = read_exactly(row[name])
            except ValueError:
                continue  # it was declared JSON and is not: the text itself is the truth
    return row


def _lookalikes(survey: Survey, address: str, reader: Reader, query: Query) -> int:
    """Records that would match if upper and lower case were the same. Not disclosed: an officer decides."""
    folded = survey.questions.lookalikes(address)
    if folded is None:
        return 0
    return reader.count(Query(query.collection, AllOf((folded.where, Outside(query.where)))))


def _columns(collection: Collection, fields: Sequence[Field], live: TableSchema, treated: Sequence[Treatment]) -> list[Column]:
    columns = []
    for part, treatment in zip(fields, treated, strict=True):
        kind = live.columns[part.name].type
        columns.append(
            Column(
                name=part.name,
                type="string" if treatment.why else ARCHIVE_TYPES.get(kind, kind),
                title=part.title or part.name.replace("_", " ").strip().capitalize(),
                description=part.description,
                category=next(iter(part.categories or collection.categories), ""),
            )
        )
    return columns


def _note(facts: dict[str, Any], alike: int) -> str:
    sentences = [facts["gap"]] if "gap" in facts else []
    if alike:
        words = _("%(count)d more records match only if capital letters do not matter. They are not included; an officer decides.")
        sentences.append(words % {"count": alike})
    return " ".join(sentences)
