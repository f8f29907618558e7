"""What nobody can see, and what only looks so."""

import pytest

from portal.kit.signs import hidden_in_line, hidden_in_text

NAMES = ("Rita Lindqvist", "Zoë O’Brien-Łuk", "任 正非", "Ελένη", "مريم", "می‌خواهم", "क्‍ष", "👩‍💻", "")
HIDDEN = ("Ri\u200bta", "Ri\u200cta", "Ri\u200dta", "Rita\ufeff", "Ri\u00adta", "Rita\u200f", "\u200dRita", "Ri\u3164ta")
NOWHERE = ("Rita\u202eatir", "Ri\x00ta", "Ri\x1bta", "Ri\u2066ta", "Ri\ud800ta", "Ri\ue000ta", "Rita\u2028Bcc")


@pytest.mark.parametrize("name", NAMES)
def test_names_of_every_script_are_names(name: str) -> None:
    assert not hidden_in_line(name)


@pytest.mark.parametrize("name", [*HIDDEN, *NOWHERE, "A\nBcc: x", "A\r\nBcc: x", "A\tB"])
def test_a_line_holds_nothing_that_cannot_be_seen(name: str) -> None:
    assert hidden_in_line(name)


@pytest.mark.parametrize("text", [*HIDDEN, "Two\r\nlines\tand a tab"])
def test_text_may_be_pasted(text: str) -> None:
    assert not hidden_in_text(text)


@pytest.mark.parametrize("text", NOWHERE)
def test_text_is_never_turned_and_holds_no_control(text: str) -> None:
    assert hidden_in_text(text)
