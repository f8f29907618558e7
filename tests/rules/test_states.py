"""The life of a case: the table, and the sentences of a refused move."""

import pytest

from requests_app.rules.rights import Right
from requests_app.rules.states import MAY_WAIT, MEANS, NEXT, MoveRefused, State, check_move, is_over, next_states

TABLE = {
    "arrived": "open waiting withdrawn expired duplicate refused",
    "open": "collecting executing waiting refused withdrawn duplicate",
    "waiting": "arrived open review refused withdrawn expired duplicate",
    "collecting": "review",
    "review": "answered executing collecting waiting refused withdrawn duplicate",
    "executing": "answered review",
    "answered": "closed",
    "refused": "closed",
    "withdrawn": "closed",
    "expired": "closed",
    "duplicate": "closed",
    "closed": "open",
}
PAIRS = [(State(old), State(new)) for old in TABLE for new in TABLE]


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_a_move_is_possible_exactly_where_the_table_says(old: State, new: State) -> None:
    if new in TABLE[old].split():
        check_move(old, new, Right.RESTRICTION)
    else:
        with pytest.raises(MoveRefused, match=r"Nothing was changed\.$"):
            check_move(old, new, Right.RESTRICTION)


@pytest.mark.parametrize("right", list(Right))
@pytest.mark.parametrize("state", list(State))
def test_the_states_that_may_follow_are_those_that_a_move_accepts(state: State, right: Right) -> None:
    accepted = []
    for new in State:
        try:
            check_move(state, new, right)
        except MoveRefused:
            continue
        accepted.append(new)
    assert set(accepted) == set(next_states(state, right))


def test_every_state_has_a_row_and_a_meaning() -> None:
    assert set(NEXT) == set(MEANS) == set(State)


@pytest.mark.parametrize("right", [Right.ACCESS, Right.PORTABILITY])
@pytest.mark.parametrize("old", [State.OPEN, State.REVIEW])
def test_giving_data_has_nothing_to_carry_out(old: State, right: Right) -> None:
    with pytest.raises(MoveRefused, match="changes nothing in the sources"):
        check_move(old, State.EXECUTING, right)


def test_a_deletion_is_rehearsed_before_it_is_carried_out() -> None:
    with pytest.raises(MoveRefused, match="rehearsed and reviewed"):
        check_move(State.OPEN, State.EXECUTING, Right.DELETION)
    check_move(State.REVIEW, State.EXECUTING, Right.DELETION)


@pytest.mark.parametrize("came_from", sorted(MAY_WAIT))
def test_a_case_that_waits_goes_back_where_it_came_from(came_from: State) -> None:
    check_move(State.WAITING, came_from, Right.ACCESS, came_from=came_from)
    check_move(State.WAITING, State.WITHDRAWN, Right.ACCESS, came_from=came_from)
    for other in MAY_WAIT - {came_from}:
        with pytest.raises(MoveRefused, match="It goes back there"):
            check_move(State.WAITING, other, Right.ACCESS, came_from=came_from)


def test_a_closed_case_says_who_may_open_it() -> None:
    with pytest.raises(MoveRefused, match="Only a lead can open it again, with a reason"):
        check_move(State.CLOSED, State.COLLECTING, Right.ACCESS)


def test_a_refusal_to_move_names_what_is_possible() -> None:
    with pytest.raises(MoveRefused, match="Possible next states: review"):
        check_move(State.COLLECTING, State.ANSWERED, Right.ACCESS)
    with pytest.raises(MoveRefused, match="already open"):
        check_move(State.OPEN, State.OPEN, Right.ACCESS)


def test_a_case_is_over_once_the_person_has_our_last_word() -> None:
    assert {state for state in State if is_over(state)} == {
        State.ANSWERED,
        State.REFUSED,
        State.WITHDRAWN,
        State.EXPIRED,
        State.DUPLICATE,
        State.CLOSED,
    }
