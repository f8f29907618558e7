"""Two wanted the same row, and one waited too long: no fault, it is done at the next try."""

from django.db import OperationalError

LOCKED = ("database is locked", "database table is locked")
# lock_not_available, deadlock_detected, serialization_failure
STATES = frozenset({"55P03", "40P01", "40001"})


def is_lock_wait(problem: BaseException) -> bool:
    """Whether the database gave up waiting for another transaction; nothing was written then."""
    if not isinstance(problem, OperationalError):
        return False
    return getattr(problem.__cause__, "sqlstate", None) in STATES or any(word in str(problem) for word in LOCKED)
