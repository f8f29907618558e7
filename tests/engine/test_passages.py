"""What a text says about other people is covered; the rest of it, and the person's own address, stays."""

import pytest

from exports.passages import cover_passages

RITA = frozenset(["rita.lindqvist@example.org"])
MARK = "(another person)"


def covered(text: str) -> str:
    return str(cover_passages(text, RITA, MARK)[0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Nothing about anybody", "Nothing about anybody"),
        ("Mail ann.lee@example.net today.", f"Mail {MARK} today."),
        ("Call Ann Lee (ann.lee@example.net)", f"Call {MARK} ({MARK})"),
        ("LEE, ANN <ann.lee@example.net>", f"{MARK} <{MARK}>"),
        ("mine is rita.lindqvist@example.org", "mine is rita.lindqvist@example.org"),
        ("Rita Lindqvist <rita.lindqvist@example.org>", "Rita Lindqvist <rita.lindqvist@example.org>"),
        ('{"to": "юлия.соколова@example.org"}', f'{{"to": "{MARK}"}}'),
        ("pat.o'brien@example.com wrote", f"{MARK} wrote"),
        ("Rita.Lindqvist@example.org is another mailbox", f"{MARK} is another mailbox"),
        ("a@b is no address", "a@b is no address"),
        ("leeward and planning, ann.lee@example.net", f"leeward and planning, {MARK}"),
    ],
)
def test_only_what_is_about_others_is_covered(text: str, expected: str) -> None:
    assert covered(text) == expected


def test_passages_are_counted() -> None:
    assert cover_passages("Ann Lee: ann.lee@example.net, max@example.com", RITA, MARK)[1] == 3


def test_lists_and_groups_are_gone_through_and_numbers_stay() -> None:
    value = {"to": ["ann.lee@example.net", 7, None], "from": "rita.lindqvist@example.org"}

    assert cover_passages(value, RITA, MARK) == ({"to": [MARK, 7, None], "from": "rita.lindqvist@example.org"}, 1)


def test_a_long_run_of_signs_is_read_in_one_go() -> None:
    text = "x" * 200_000 + " ann.lee@example.net"

    assert covered(text).endswith(f" {MARK}")


def test_names_of_groups_are_looked_at_and_each_keeps_its_own_place() -> None:
    told = {"ann.lee@example.net": 1, "bob@example.net": {"to": "cy@example.net"}, "rita.lindqvist@example.org": 3, "plain": 4}
    shown, count = cover_passages(told, RITA, MARK)
    assert shown == {MARK: 1, f"{MARK} +": {"to": MARK}, "rita.lindqvist@example.org": 3, "plain": 4}
    assert count == 3


def test_bytes_are_covered_whole_because_nobody_can_look_into_them() -> None:
    assert cover_passages({"scan": b"ann.lee@example.net"}, RITA, MARK) == ({"scan": MARK}, 1)
