"""Counts attempts in a window. The key is hashed: no address ever stands in the cache."""

import hashlib

from django.core.cache import cache


def allow(key: str, *, times: int, seconds: int) -> bool:
    """True for the first `times` calls with this key within `seconds`; the window starts with the first call."""
    slot = "limit:" + hashlib.sha256(key.encode()).hexdigest()
    if cache.add(slot, 1, timeout=seconds):
        return True
    try:
        return int(cache.incr(slot)) <= times
    except ValueError:  # it ran out between the two calls
        cache.set(slot, 1, timeout=seconds)
        return True
