"""Limits hold however many other things are counted meanwhile."""

from portal.kit import limits


def test_a_count_outlives_a_flood_of_others() -> None:
    assert limits.allow("mail/one", times=1, seconds=3600)
    for number in range(1000):
        limits.allow(f"mail/other-{number}", times=1, seconds=3600)
    assert not limits.allow("mail/one", times=1, seconds=3600)
