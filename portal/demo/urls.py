"""Filled in by the outbox."""

urlpatterns: list[object] = []
