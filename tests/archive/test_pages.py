"""The pages for people: true, complete, escaped, and readable offline on a phone."""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path, PurePosixPath

import pytest
from playwright.sync_api import BrowserContext

from exports.archive.cover import Column, Cover, Table, Withheld
from portal.organisations.policy import RightPromise
from tests.archive.reading import Outline, files_of, index_of, pages_of
from tests.archive.samples import POLICY, a_cover, a_table, accounts, opened, orders, sealed, visits
from tests.browsers import assert_accessible

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&{{ 7|add:7 }}{% now 'Y' %}"


def test_the_first_page_greets_counts_and_dates() -> None:
    text = index_of(a_cover(), accounts(), orders(), visits())
    assert "Daniel, this is what we hold about you." in text
    assert "6 records from 1 place, as they were on 9 December 2026." in text
    assert "DR-3X9P-7W" in text
    assert "Apr 2025 – Nov 2026" in text


def test_no_page_scripts_styles_inline_or_loads_from_elsewhere() -> None:
    for name, page in pages_of(files_of(a_cover(), accounts(), orders(), visits())).items():
        outline = Outline(page)
        attributes = dict(outline.attributes)
        assert not {"script", "iframe", "object", "embed", "form", "style", "base"} & set(outline.tags), name
        assert not [key for key, _ in outline.attributes if key.startswith("on") or key in ("style", "src")], name
        assert "default-src 'none'" in str([value for key, value in outline.attributes if key == "content"]), name
        assert attributes["lang"] == "en"


def test_every_link_inside_the_archive_leads_to_a_file_of_it() -> None:
    files = files_of(a_cover(), accounts(), orders(), visits(600))
    for name, page in pages_of(files).items():
        for target in re.findall(r'href="([^"#]+)"', page):
            if not re.match(r"https?:|mailto:|data:", target):
                path = PurePosixPath(name).parent
                for step in PurePosixPath(target).parts:
                    path = path.parent if step == ".." else path / step
                assert str(path) in files, f"{name} links to {target}"


def test_nothing_from_records_names_or_reasons_becomes_markup() -> None:
    column = Column(HOSTILE, "string", HOSTILE, HOSTILE)
    table = a_table(
        [{HOSTILE: HOSTILE}],
        **dict.fromkeys(("source", "source_title", "collection", "title", "topic", "description"), HOSTILE),
        columns=(column,),
        found=2,
        withheld=(Withheld(HOSTILE, HOSTILE, 1),),
        covered=(Withheld(HOSTILE, HOSTILE, 1),),
    )
    cover = a_cover(greeting=HOSTILE, organisation_name=HOSTILE, gaps=((HOSTILE, HOSTILE),), nothing=(HOSTILE,), notes=(HOSTILE,))
    files = files_of(cover, table)
    for name, page in pages_of(files).items():
        outline = Outline(page)
        assert not {"script", "img"} & set(outline.tags), name
        assert "14" not in re.sub(r"\d{4}|[0-9a-f]{64}", "", outline.text), name
        assert "alert(1)" in outline.text or name == "start-here.html"
    assert json.loads(files["data/records/" + next(n for n in files if n.endswith(".json") and "records/" in n).rpartition("/")[2]]) == [
        {HOSTILE: HOSTILE}
    ]


def test_file_names_are_made_of_safe_signs_whatever_a_source_is_called() -> None:
    names = ("../../etc/passwd", "CON", "Zürich–Geschäft", "数据", "a/b\\c:d", "x" * 400, "")
    tables = [a_table([{"id": 1}], source=name, collection=name) for name in names for _ in range(2)]
    files = files_of(a_cover(reference="../DR 1/é"), *tables)
    payload = [name for name in files if name.startswith("data/records/")]
    assert len(payload) == len(set(map(str.lower, payload))) == len(tables)
    assert all(re.fullmatch(r"data/records/[a-z0-9_-]{1,170}\.json", name) for name in payload)


def test_what_is_held_back_covered_missing_and_not_found_is_named_on_the_page_and_in_the_record() -> None:
    cover = a_cover(
        gaps=(("Error reports", "We could not reach it. We send them by 12 December 2026."),),
        nothing=("Newsletter",),
        notes=("You asked about orders only.",),
    )
    files = files_of(cover, orders(), visits(), a_table(collection="gifts", title="Gifts"))
    text, record = Outline(files["data/index.html"]).text, json.loads(files["data/request.jsonld"])
    told = {(line["@type"], line["habeas:what"]) for line in record["habeas:notHere"]}

    for words in (
        "Error reports", "We send them by 12 December 2026.", "Password hash", "Whoever has it could sign in as you.",
        "Left out 2 times: Your orders.", "A courier's name", "Covered in 1 place: Your orders.", "Card numbers",
        "We never have them.", "Newsletter, Gifts", "Visits, older than 90 days", "Live prices", "You asked about orders only.",
    ):  # fmt: skip
        assert words in text, words
    assert told >= {
        ("habeas:gap", "Error reports"),
        ("habeas:withheld", "Password hash"),
        ("habeas:covered", "A courier's name"),
        ("habeas:not_held", "Card numbers"),
        ("habeas:not_held", "Live prices"),
        ("habeas:note", "You asked about orders only."),
    }
    assert record["dpv:hasRequestStatus"] == {"@id": "dpv:RequestActionDelayed"}


def test_records_that_nobody_accounted_for_are_admitted() -> None:
    assert "We found 2 more records and did not put them here." in index_of(a_cover(), a_table([{"id": 1}], found=3))


def test_the_fingerprint_on_the_first_page_can_be_computed_from_the_manifest() -> None:
    files = files_of(a_cover(), accounts(), orders(), visits())
    lines = [line for line in files["manifest-sha256.txt"].splitlines(keepends=True) if re.search(r" data/(records|tables)/", line)]
    assert len(lines) == 5
    assert hashlib.sha256("".join(lines).encode()).hexdigest() in files["data/index.html"]


def test_the_public_keys_are_this_installations_unless_the_cover_says_otherwise() -> None:
    assert "http://testserver/.well-known/habeas-keys.json" in files_of(a_cover(keys_url=""), orders())["data/index.html"]
    assert "https://northwind.example/.well-known/habeas-keys.json" in files_of(a_cover(), orders())["data/index.html"]


def test_an_archive_without_signature_does_not_speak_of_one() -> None:
    assert "The list is signed" in Outline(files_of(a_cover(), orders())["data/index.html"]).text
    unsigned, _ = sealed(a_cover(), [orders()])
    with zipfile.ZipFile(io.BytesIO(unsigned)) as package:
        assert "signed" not in package.read("DR-3X9P-7W/data/index.html").decode()


def test_how_the_data_is_used_comes_from_the_policy() -> None:
    text = index_of(a_cover(), accounts(), orders())
    for words in (
        "To know who you are", "We need it to give you what you signed up for.", "While you have an account", "You gave it",
        "Fast Post", "To bring parcels", "Where: France", "The law says that we must.", "7 years", "Our policy does not say.",
        "Delete my data", "Data Protection Commission", "https://dataprotection.ie", "We do not sell your data.", "In Ireland",
        "privacy policy 2.1",
    ):  # fmt: skip
        assert words in text, words
    assert "Visits" not in text


def test_a_right_that_is_not_promised_is_not_offered_and_a_nameless_one_gets_plain_words() -> None:
    policy = replace(POLICY, rights={**POLICY.rights, "objection": RightPromise(right="objection")})
    text = index_of(a_cover(policy=policy), orders())
    assert "Object to a use of your data" in text
    assert "sale of your data" not in text


def test_the_request_record_speaks_the_terms_of_the_privacy_vocabulary() -> None:
    record = json.loads(files_of(a_cover(due_on=date(2026, 12, 12)), accounts())["data/request.jsonld"])
    assert set(record["@type"]) == {"dpv:RightExerciseRecord", "eu-gdpr:SARNotice"}
    assert record["dpv:hasRight"] == {"@id": "eu-gdpr:A15"}
    assert record["dpv:hasRequestStatus"] == {"@id": "dpv:RequestFulfilled"}
    [process] = record["dpv:hasProcess"]
    assert process["dpv:hasLegalBasis"] == [{"@id": "dpv:Contract"}]
    assert record["habeas:dueOn"]["@value"] == "2026-12-12"
    assert not [
        value for value in re.findall(r'"@id": "([a-z-]+):', json.dumps(record)) if value not in record["@context"] and value != "urn"
    ]


def test_a_right_of_another_law_gets_our_own_term() -> None:
    policy = replace(POLICY, regimes=("US_CA_CCPA",))
    record = json.loads(files_of(a_cover(policy=policy), accounts())["data/request.jsonld"])
    assert record["dpv:hasRight"]["@id"] == "habeas:right-access"
    assert "eu-gdpr:" not in json.dumps({**record, "@context": {}})


@pytest.mark.parametrize(
    ("cover", "table", "headline"),
    [
        (a_cover(greeting="", nothing=("Shop",)), None, "We hold nothing about you."),
        (a_cover(nothing=("Shop",)), None, "Daniel, we hold nothing about you."),
        (a_cover(gaps=(("Shop", "It did not answer."),)), None, "Daniel, so far we have found nothing about you."),
        (a_cover(gaps=(("Shop", "It did not answer."),)), None, "No place answered when we looked on 9 December 2026."),
        (a_cover(gaps=(("Shop", "No answer."),), nothing=("Mail",)), None, "We looked in 1 place on 9 December 2026. Some places"),
        (a_cover(), a_table(found=2, disclosed=0), "Daniel, there is no record we can give you."),
    ],
)
def test_an_empty_answer_claims_no_more_than_the_search_has_shown(cover: Cover, table: Table | None, headline: str) -> None:
    files = files_of(cover, *([table] if table else []))
    text = Outline(files["data/index.html"]).text
    assert headline in text
    assert "By topic" not in text
    assert "Fast Post" in text
    assert "Data Protection Commission" in text
    assert not [name for name in files if name.startswith("data/records/")]


def test_a_collection_without_heading_never_stands_under_the_heading_of_another() -> None:
    tables = [a_table([{"id": 1}], collection=name, title=name, topic=topic) for name, topic in (("A", "T"), ("B", "T"), ("C", "U"))]
    page = files_of(a_cover(), *tables)["data/index.html"]
    titles = re.findall(r'<th scope="row(?:group)?"[^>]*>(\w+)', page)
    assert titles[:4] == ["C", "T", "A", "B"]


def test_names_of_many_scripts_arrive_unchanged_and_keep_their_direction() -> None:
    names = ["محمد بن علي", "שרה כהן", "王小明", "Ярослав", "Åsa Öberg", "नमस्ते", "👩‍👩‍👧", "a\u202eb"]
    files = files_of(a_cover(greeting=names[0]), a_table([{"id": place, "name": name} for place, name in enumerate(names)]))
    page = files["data/read/shop-orders.html"]
    assert all(name in page for name in names)
    assert [row["name"] for row in json.loads(files["data/records/shop-orders.json"])] == names
    assert page.count('dir="auto"') > len(names)
    assert f"\u2068{names[0]}\u2069, this is what" in files["data/index.html"]


def test_a_reader_from_right_to_left_gets_pages_that_run_so() -> None:
    page = files_of(a_cover(language="ar"), orders())["data/index.html"]
    assert '<html lang="ar" dir="rtl">' in page


def test_only_colours_reach_the_style_sheet() -> None:
    policy = replace(POLICY, brand="#1d4f91", brand_deep="red;}body{display:none")
    assert files_of(a_cover(policy=policy))["data/archive.css"].endswith("\n:root{--brand:#1d4f91}\n")


@pytest.mark.story
@pytest.mark.needs("chromium")
@pytest.mark.parametrize("width", [390, 1280])
def test_a_browser_finds_the_pages_accessible_and_never_too_wide(
    width: int, tmp_path: Path, new_browser: Callable[..., BrowserContext]
) -> None:
    wide = a_table([{"id": 1, "note": "x" * 300, "code": "a = 1\n" + "    b" * 200}], collection="wide", title="W" * 60)
    cover = a_cover(gaps=(("Newsletter", "We could not reach it."),))
    bag = opened(sealed(cover, [accounts(), orders(), visits(), wide])[0], tmp_path)
    page = new_browser(viewport={"width": width, "height": 900}).new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path in ("index.html", "read/shop-accounts.html", "read/shop-orders.html", "read/shop-wide.html"):
        page.goto((bag / "data" / path).as_uri())
        assert_accessible(page)
    assert all(url.startswith(("file://", "data:")) for url in asked)
