"""Refusals that a rule can give. The text is a sentence for people."""


class RuleError(Exception):
    """The rules say no: the message says what, why and what is possible."""
