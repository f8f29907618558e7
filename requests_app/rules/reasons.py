"""Coded reasons for taking longer. Regime files say which of them a law accepts."""

EXTENSION_REASONS = {
    "complexity": "The request is complex, and answering it properly takes longer.",
    "volume": "The request covers a large amount of data or one of many requests from the same person.",
    "workload": "Answering in time would get unreasonably in the way of our other work.",
    "consultation": "We must ask other people or organisations before we can decide.",
    "detail": "The request does not say enough for us to find the data.",
    "format": "The data must be converted into a format that the person can use.",
    "remote_records": "The records are kept in another place and must be fetched from there.",
    "consent": "The people concerned agreed to a later date.",
    "just_cause": "Something beyond our control prevents an answer in time.",
}
