"""Records that PostgreSQL writes itself: the same archive as if we had written them, and everything odd is written by us."""

import csv
import io
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID
from zipfile import ZipFile

import pytest
from django.conf import LazySettings, settings
from django.db.backends.base.base import BaseDatabaseWrapper

from exports import api
from exports.archive import seal
from exports.connectors import postgresql_writing
from exports.connectors.sql import SqlReader
from exports.flows import gathering, spooling
from exports.flows.spooling import Spool, blocks_of
from exports.management.asking import cover_for
from exports.models import DataSource, Job, Step
from portal.kit.sealing import SealedReader, SealedWriter
from portal.organisations.models import Organisation
from tests.engine.products import ServedProduct, on_postgresql
from tests.people import RITA, an_organisation
from tests.servers import Server

pytestmark = [pytest.mark.needs("postgresql"), pytest.mark.django_db(transaction=True)]

FIELDS = ("id", "email", "small", "exact", "approx", "thin", "is_on", "day", "at", "at_local", "clock", "one", "raw", "said", "padded")
TABLE = """CREATE TABLE people (id bigint PRIMARY KEY, email text, small smallint, exact numeric(12, 3), approx double precision, thin real,
  is_on boolean, day date, at timestamptz, at_local timestamp, clock time, one uuid, raw bytea, said text, padded char(5))"""
ROWS = f"""INSERT INTO people VALUES
  (1, '{RITA}', -5, 12.500, 0.1, 1.5, true, '2026-02-28', '2026-02-28 23:30:00.1+02', '2026-02-28 23:30', '24:00',
   'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', decode(repeat('00ff', 60), 'hex'),
   E'a "quoted", \\\\N\\r\\nsecond\\tline = ü 💐 \\x01\\x02', 'ab'),
  (2, '{RITA}'{", NULL" * 13}),
  (3, '{RITA}', 0, 0, 0.5, -0.25, false, '0001-01-01', '9999-12-31 23:59:59.999999+00', '1969-12-31 23:59:59', '00:00:00.000001',
   '00000000-0000-0000-0000-000000000000', '', '', ''),
  (9223372036854775807, '{RITA}', 1, -0.001, 1e300, 1e-30, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '=1+1', NULL),
  (5, 'somebody@example.net', 7, 7, 7, 7, true, NULL, NULL, NULL, NULL, NULL, NULL, 'not hers', NULL)"""


@pytest.fixture
def base(postgresql_server: Server) -> Iterator[ServedProduct]:
    with on_postgresql(postgresql_server) as made:
        made.execute([TABLE, ROWS])
        yield made


@pytest.fixture(autouse=True)
def one_record_is_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """The source is asked to write only where there are many."""
    monkeypatch.setattr(gathering, "MANY", 1)


@pytest.fixture
def organisation(base: ServedProduct) -> Organisation:
    made = an_organisation("shop")
    source = DataSource(organisation=made, key="people", title="People")
    source.url = base.url()
    source.datasets = [a_dataset()]
    source.save()
    return made


def a_dataset(**more: dict[str, Any]) -> dict[str, Any]:
    known = {"id": {"fides_meta": {"primary_key": True}}, "email": {"fides_meta": {"identity": "email"}}}
    fields = [{"name": name, **known.get(name, {}), **more.get(name, {})} for name in FIELDS]
    return {"fides_key": "people", "collections": [{"name": "people", "habeas_meta": {"category": "account"}, "fields": fields}]}


def collected(organisation: Organisation) -> tuple[UUID, Step]:
    job_id = api.start_access(api.Search(organisation, organisation.current_policy, {"email": RITA}, "s" * 32, "DR-TEST-01"))
    api.run(job_id)
    assert api.progress(job_id).state == "collected", api.progress(job_id)
    return job_id, Step.objects.get(run__job=job_id)


def packed(organisation: Organisation, job_id: UUID) -> dict[str, bytes]:
    api.pack(job_id, cover_for(organisation, "DR-TEST-01", api.progress(job_id)))
    with ZipFile(io.BytesIO(b"".join(api.open_archive(job_id)))) as bag:
        return {name.partition("/")[2]: bag.read(name) for name in bag.namelist()}


def written_here(organisation: Organisation, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    with monkeypatch.context() as patched:
        patched.setattr(SqlReader, "written", lambda self, query: None)
        job_id, step = collected(organisation)
        assert not step.facts["written"]
        return packed(organisation, job_id)


def test_what_the_database_writes_says_the_same_as_what_we_write(organisation: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id, step = collected(organisation)
    assert step.facts["written"]
    theirs, ours = packed(organisation, job_id), written_here(organisation, monkeypatch)
    assert theirs.keys() == ours.keys()
    records = "data/records/people-people.json"
    assert [row["id"] for row in json.loads(theirs[records])] == [1, 2, 3, 9223372036854775807]
    assert json.loads(theirs[records].replace(b".1+00:00", b".100000+00:00")) == json.loads(ours[records])
    assert all(line.startswith((b"{", b"[", b"]")) for line in theirs[records].splitlines())
    tables = [list(csv.reader(io.StringIO(one["data/tables/people-people.csv"].decode(), newline=""))) for one in (theirs, ours)]
    assert sorted(tables[0][0]) == sorted(FIELDS)
    assert [[_as_number(cell) for cell in row] for row in tables[0]] == [[_as_number(cell) for cell in row] for row in tables[1]]
    read = "data/read/people-people.html"
    assert theirs[read] == ours[read]


def _as_number(cell: str) -> object:
    """0 and 0.0 are one number; a hundred thousandth of a second may end in noughts."""
    try:
        return float(cell)
    except ValueError:
        return cell.replace(".1+00:00", ".100000+00:00")


def test_the_descriptor_tells_the_same_columns_whoever_wrote_the_rows(organisation: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id, _ = collected(organisation)
    told = []
    for files in (packed(organisation, job_id), written_here(organisation, monkeypatch)):
        resources = json.loads(files["data/datapackage.json"])["resources"]
        told.append([one.get("schema") for one in resources if one["path"].endswith(("people.json", "people.csv"))])
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("exact", "'NaN'"),
        ("approx", "'-Infinity'"),
        ("thin", "'NaN'"),
        ("day", "'infinity'"),
        ("at", "'0044-03-15 BC'"),
        ("at_local", "'10000-01-01'"),
    ],
)
def test_a_value_that_json_does_not_know_is_written_by_us(organisation: Organisation, base: ServedProduct, column: str, value: str) -> None:
    base.execute(["ALTER TABLE people ALTER exact TYPE numeric", f"UPDATE people SET {column} = {value} WHERE id = 2"])
    _, step = collected(organisation)
    assert not step.facts["written"]
    assert step.disclosed == 4


@pytest.mark.parametrize(("leading", "is_analysed", "nested"), [(0, True, "on"), (5, True, "off"), (5, False, "on"), (1, True, "on")])
def test_only_for_who_has_many_rows_of_a_table_its_rows_are_not_looked_for_one_by_one(
    base: ServedProduct, monkeypatch: pytest.MonkeyPatch, leading: int, is_analysed: bool, nested: str
) -> None:
    monkeypatch.setattr(postgresql_writing, "HEAVY", 1)
    monkeypatch.setattr(postgresql_writing, "SPARSE", 2)
    base.execute(["ANALYZE people"] if is_analysed else [])
    with base.connector().reading() as reader:
        assert isinstance(reader, SqlReader)
        assert reader.dialect.rows is not None
        ask = reader.connection.exec_driver_sql
        with reader.dialect.rows.joining(reader.connection, [reader.compiler().whole("people")], leading):
            assert ask("SHOW enable_nestloop").scalar() == nested
        assert ask("SHOW enable_nestloop").scalar() == "on"


@pytest.mark.parametrize("kind", ["jsonb", "interval", "text[]", "inet", "timetz"])
def test_a_type_whose_text_is_another_is_written_by_us(organisation: Organisation, base: ServedProduct, kind: str) -> None:
    base.execute(["ALTER TABLE people DROP said", f"ALTER TABLE people ADD said {kind}"])
    _, step = collected(organisation)
    assert not step.facts["written"]


@pytest.mark.parametrize("treated", [{"never_disclose": True}, {"third_party": "cover"}, {"third_party": "passages"}])
def test_records_of_which_something_is_held_back_are_written_by_us(organisation: Organisation, treated: dict[str, Any]) -> None:
    DataSource.objects.filter(organisation=organisation).update(datasets=[a_dataset(said={"habeas_meta": treated})])
    _, step = collected(organisation)
    assert not step.facts["written"]


@pytest.mark.parametrize("kind", ["", ".csv"])
def test_records_of_another_subject_never_pass_the_gate_in_json_or_csv(organisation: Organisation, kind: str) -> None:
    job_id, step = collected(organisation)
    job, other = Job.objects.get(pk=job_id), Job.objects.get(pk=job_id)
    other.subject = "t" * 32
    ((lines, count),) = blocks_of(job, step.spool.removesuffix(".spool") + f"{kind}.spool")
    with Spool(other, step, kind=kind) as out:
        out.add_block(lines, count)
    with pytest.raises(api.StampMismatch, match="Nothing was released"):
        packed(organisation, job_id)
    assert api.archive(job_id) is None


@pytest.mark.parametrize("kind", ["", ".csv"])
@pytest.mark.parametrize("times", [0, 2])
def test_a_block_that_was_lost_or_doubled_stops_the_archive(organisation: Organisation, kind: str, times: int) -> None:
    job_id, step = collected(organisation)
    job = Job.objects.get(pk=job_id)
    ((lines, count),) = blocks_of(job, step.spool.removesuffix(".spool") + f"{kind}.spool")
    with Spool(job, step, kind=kind) as out:
        for _ in range(times):
            out.add_block(lines, count)
    with pytest.raises(api.EngineRefusal, match=f"4 records were to be disclosed, {4 * times} were read"):
        packed(organisation, job_id)


@pytest.mark.parametrize("whole", [1, seal.WHOLE])
@pytest.mark.parametrize("kind", ["", ".csv"])
def test_a_block_of_which_one_byte_was_altered_stops_the_archive(
    organisation: Organisation, monkeypatch: pytest.MonkeyPatch, kind: str, whole: int
) -> None:
    """In a small file, and in one that is read ahead in a thread."""
    monkeypatch.setattr(postgresql_writing, "AT_ONCE", 1)
    monkeypatch.setattr(seal, "WHOLE", whole)
    job_id, step = collected(organisation)
    path = Path(settings.SPOOL_FOLDER) / (step.spool.removesuffix(".spool") + f"{kind}.spool")
    box = Job.objects.get(pk=job_id).box
    content = bytearray(b"".join(SealedReader(path, box)))
    content[-1] ^= 1
    with SealedWriter(path, box) as out:
        out.write(content)
    with pytest.raises(api.StampMismatch, match="Nothing was released"):
        packed(organisation, job_id)


def test_few_records_are_written_by_us_in_one_file(organisation: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    """One question and one file for each collection: most people have few records everywhere."""
    monkeypatch.setattr(gathering, "MANY", 5)
    job_id, step = collected(organisation)
    assert not step.facts["written"]
    assert len(list((Path(settings.SPOOL_FOLDER) / str(job_id)).iterdir())) == 1


@pytest.mark.parametrize("bound", ["AT_ONCE", "LARGEST"])
def test_what_the_database_wrote_is_cut_between_records(
    organisation: Organisation, monkeypatch: pytest.MonkeyPatch, settings: LazySettings, bound: str
) -> None:
    """Of few rows, or of few bytes, as many as a worker has memory for."""
    monkeypatch.setattr(postgresql_writing, bound, 1)
    settings.ARCHIVE_MOST = 100
    job_id, step = collected(organisation)
    assert step.facts["written"]
    api.pack(job_id, cover_for(organisation, "DR-TEST-01", api.progress(job_id)))
    ids, cells = [], []
    for number in range(1, 5):
        with ZipFile(io.BytesIO(b"".join(api.open_archive(job_id, part=number)))) as bag:
            names = {name.partition("/")[2]: name for name in bag.namelist()}
            ids += [json.loads(line)["id"] for line in bag.read(names[f"data/records/people-people.{number}.jsonl"]).splitlines()]
            table = io.StringIO(bag.read(names[f"data/tables/people-people.{number}.csv"]).decode(), newline="")
            cells += [int(row["id"]) for row in csv.DictReader(table)]
    assert ids == cells == [1, 2, 3, 9223372036854775807]


def test_nothing_of_the_records_lies_in_the_clear(organisation: Organisation) -> None:
    job_id, step = collected(organisation)
    files = list((Path(settings.SPOOL_FOLDER) / str(job_id)).iterdir())
    assert len(files) == 3
    assert not any(word in path.read_bytes() for path in files for word in (b"rita", b"2026-02-28"))
    assert "2026" not in json.dumps(step.facts)


def test_our_own_store_is_never_asked_by_the_thread_that_works_ahead(organisation: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql_writing, "AT_ONCE", 1)
    monkeypatch.setattr(seal, "WHOLE", 1)  # so that these files count as large
    asked: list[str] = []
    made: list[str] = []
    monkeypatch.setattr(BaseDatabaseWrapper, "cursor", noting(asked, BaseDatabaseWrapper.cursor))
    monkeypatch.setattr(spooling, "_stamp", noting(made, spooling._stamp))
    job_id, _ = collected(organisation)
    assert any(name.startswith("ahead") for name in made)
    made.clear()
    packed(organisation, job_id)
    assert any(name.startswith("ahead") for name in made)
    assert not any(name.startswith("ahead") for name in asked)


def noting(names: list[str], way: Callable[..., Any]) -> Callable[..., Any]:
    def noted(*words: Any) -> Any:
        names.append(threading.current_thread().name)
        return way(*words)

    return noted
