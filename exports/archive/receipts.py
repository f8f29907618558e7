"""Whether a receipt is what was signed, and what it proves. Runs without Django, database or network.

python -m exports.archive.receipts FILE --keys KEYS.json [--json]
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import rfc8785

from exports.archive.checking import read_keys
from exports.archive.signatures import KeySet, SignatureRefused, signed_by

OUTCOMES = ("complete", "partial", "failed")


@dataclass
class ReceiptReport:
    """The outcome: what the receipt says, which key signed it, and every reason not to believe it."""

    outcome: str = ""
    reference: str = ""
    signature: str = "not checked"
    counts: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def is_proved(self) -> bool:
        return not self.problems


def check_receipt(content: bytes, keys: KeySet) -> ReceiptReport:
    """Check the signature over the canonical form (RFC 8785) of the receipt, then read what it says."""
    report = ReceiptReport()
    receipt, jws = _parts(content, report)
    if receipt is None:
        return report
    report.outcome = str(receipt.get("outcome", ""))
    report.reference = str(receipt.get("reference", ""))
    report.counts = _counts(receipt)
    if report.outcome not in OUTCOMES:
        report.problems.append(f"outcome: {report.outcome or 'nothing'} is not one of {', '.join(OUTCOMES)}.")
    _check_signature(receipt, jws, keys, report)
    return report


def _parts(content: bytes, report: ReceiptReport) -> tuple[dict[str, Any] | None, str]:
    try:
        whole = json.loads(content, object_pairs_hook=_once)
    except (ValueError, RecursionError) as problem:
        report.problems.append(f"file: it is not a receipt: {problem}.")
        return None, ""
    whole = _unwrapped(whole)
    receipt, jws = (whole.get("receipt"), whole.get("jws")) if isinstance(whole, dict) else (None, None)
    if not isinstance(receipt, dict):
        report.problems.append("receipt: it is missing.")
        return None, ""
    return receipt, jws if isinstance(jws, str) else ""


def _unwrapped(whole: Any) -> Any:
    """What `case REFERENCE receipt --json` prints holds the signed receipt under `receipt`; what stands around it is not signed."""
    inner = whole.get("receipt") if isinstance(whole, dict) and "jws" not in whole else None
    return inner if isinstance(inner, dict) and "receipt" in inner and "jws" in inner else whole


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two values under one name could be read in two ways: refuse."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands twice")
    return members


def _check_signature(receipt: dict[str, Any], jws: str, keys: KeySet, report: ReceiptReport) -> None:
    if not jws:
        report.signature = "unsigned"
        report.problems.append("jws: the receipt is not signed.")
        return
    try:
        report.signature = signed_by(rfc8785.dumps(receipt), jws, keys)
    except SignatureRefused as refusal:
        report.signature = "refused"
        report.problems.append(f"jws: {refusal}")
    except rfc8785.CanonicalizationError as problem:
        report.signature = "refused"
        report.problems.append(f"receipt: it has no canonical form: {problem}.")


def _counts(receipt: Mapping[str, Any]) -> dict[str, int]:
    """The numbers of the receipt's totals, whatever they are called; rows of its lines where there are no totals."""
    totals = receipt.get("totals") or receipt.get("counts")
    if isinstance(totals, Mapping):
        return {str(name): count for name, count in totals.items() if isinstance(count, int)}
    return {}


def as_json(report: ReceiptReport) -> str:
    """The report for machines."""
    return json.dumps({"proved": report.is_proved, **asdict(report)}, ensure_ascii=False, indent=1)


def as_text(report: ReceiptReport) -> str:
    """The report for people."""
    if report.problems:
        return "\n".join([*report.problems, "This receipt proves nothing."])
    counts = ", ".join(f"{name} {count}" for name, count in report.counts.items()) or "none stated"
    signed = f"It is exactly what was signed with the key {report.signature}."
    return f"{report.reference or 'Receipt'}: outcome {report.outcome}. Counts: {counts}. {signed}"


def main(words: Sequence[str] | None = None) -> int:
    """0 proved, 1 not proved, 2 wrong usage."""
    parser = argparse.ArgumentParser(prog="receipts", description="Check a receipt.")
    parser.add_argument("file")
    parser.add_argument("--keys", required=True, help="file with the public keys (JWK set)")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(words)
    try:
        content, keys = Path(asked.file).read_bytes(), read_keys(asked.keys)
    except (OSError, ValueError) as problem:
        parser.error(str(problem))
    report = check_receipt(content, keys or {})
    print(as_json(report) if asked.json else as_text(report))
    return 0 if report.is_proved else 1


if __name__ == "__main__":
    sys.exit(main())
