"""A first dataset file from a live schema: guesses for a human, each with its reason. No value of any row leaves this package."""

from exports.drafting.looking import Draft, NothingThere, draft

__all__ = ["Draft", "NothingThere", "draft"]
