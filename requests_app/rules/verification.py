"""What a person must prove before a right is used, and how codes behave."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from requests_app.rules.errors import RuleError
from requests_app.rules.rights import Right

EMAIL_CODE, SECOND_CODE, SAME_BROWSER = "email_code", "second_code", "same_browser"
POLICY_PROOFS = (EMAIL_CODE, SECOND_CODE)

CODE_MINUTES = 30
LINK_DAYS = 7  # of a link that answers a mail or a call: nobody sits at a page and waits for it
MAX_ATTEMPTS = 5
RESENDS = 3
RESEND_SECONDS = 60
CHALLENGES_A_DAY = 10

# Californian law forbids asking for any proof here (11 CCR 7026, 7027), and nothing is disclosed.
NEVER_VERIFIED = frozenset({Right.OPT_OUT_SALE, Right.LIMIT_SENSITIVE})
# What these change at the sources cannot be taken back, or opens an account to somebody else.
HIGH_RISK = frozenset({Right.DELETION, Right.CORRECTION})


class CodeRefused(RuleError):
    """A code cannot be used any more, or no further one can be sent yet."""


class UnknownProof(RuleError):
    """A policy asks for a kind of proof that does not exist."""


def needs_no_proof(right: Right) -> bool:
    """Whether asking for proof would itself be wrong."""
    return right in NEVER_VERIFIED


def is_high_risk(right: Right) -> bool:
    """Whether the code must be typed in the browser that asked; pressing a link's button is not enough."""
    return right in HIGH_RISK


def required_proofs(right: Right, policy_verification: Sequence[str]) -> tuple[str, ...]:
    """The proofs for this right, in the order they are asked for: ours at the least, the policy's on top."""
    unknown = [proof for proof in policy_verification if proof not in POLICY_PROOFS]
    if unknown:
        raise UnknownProof(f"“{unknown[0]}” is not a proof we can ask for. Choose from: {', '.join(POLICY_PROOFS)}.")
    if needs_no_proof(right):
        return ()
    at_least = (EMAIL_CODE, SAME_BROWSER) if is_high_risk(right) else (EMAIL_CODE,)
    return (*at_least, *(proof for proof in POLICY_PROOFS if proof in policy_verification and proof not in at_least))


@dataclass(frozen=True)
class CodeLife:
    """What is known about one code that was sent."""

    sent_at: datetime
    attempts: int = 0
    is_used: bool = False

    @property
    def expires_at(self) -> datetime:
        return self.sent_at + timedelta(minutes=CODE_MINUTES)


def check_code_usable(code: CodeLife, now: datetime) -> None:
    """Refuse a code that is used, too old, or was mistyped too often. Says nothing about what was typed."""
    if code.is_used:
        raise CodeRefused("That code was used already. We can send another.")
    if now >= code.expires_at:
        raise CodeRefused(f"That code has expired: it works for {CODE_MINUTES} minutes. We can send another.")
    if code.attempts >= MAX_ATTEMPTS:
        raise CodeRefused(f"That code was typed wrongly {MAX_ATTEMPTS} times and no longer works. We can send another.")


def check_resend(sent_at: Sequence[datetime], now: datetime) -> None:
    """Refuse another code while the last one is fresh, after too many for one request, or too many in a day."""
    if not sent_at:
        return
    if now - max(sent_at) < timedelta(seconds=RESEND_SECONDS):
        raise CodeRefused("We have just sent a code. Wait a minute before you ask for another.")
    if sum(now - when < timedelta(minutes=CODE_MINUTES) for when in sent_at) > RESENDS:
        raise CodeRefused(f"We have sent {RESENDS + 1} codes. Wait {CODE_MINUTES} minutes, or write to us.")
    if sum(now - when < timedelta(days=1) for when in sent_at) >= CHALLENGES_A_DAY:
        raise CodeRefused(f"We have sent {CHALLENGES_A_DAY} codes today. Try again tomorrow, or write to us.")
