"""References, one-time codes and link tokens that people can read, type and paste."""

import hashlib
import hmac
import secrets

# No 0/O, 1/I/L, 5/S… pairs that people confuse; 28 signs.
SIGNS = "2346789ABCDEFGHJKMNPQRTVWXYZ"


def _signs(count: int) -> str:
    return "".join(secrets.choice(SIGNS) for _ in range(count))


def new_reference() -> str:
    """A case reference like DR-4F7K-9Q: a name for a case, never a key to it."""
    return f"DR-{_signs(4)}-{_signs(2)}"


def new_code() -> str:
    """Eight signs, about 38 bits: enough behind five tries and thirty minutes."""
    return _signs(8)


def shown(code: str) -> str:
    """K7MX9QTF as K7MX-9QTF."""
    return f"{code[:4]}-{code[4:]}"


def normalise_code(typed: str) -> str:
    """What was typed or pasted, without spaces, dashes or case."""
    return "".join(sign for sign in typed.upper() if sign.isalnum())


def normalise_reference(typed: str) -> str:
    """DR4F7K9Q, dr-4f7k-9q and « DR-4F7K-9Q » are the same reference."""
    signs = normalise_code(typed)
    return f"DR-{signs[2:6]}-{signs[6:]}" if len(signs) == 8 and signs.startswith("DR") else typed.strip().upper()[:40]


def new_password() -> str:
    """Twenty digits in groups, about 66 bits: enough against whoever holds the locked file and may try for years.

    Digits are on every keyboard, look alike in every hand and have no capital letters to forget.
    """
    return "-".join(f"{secrets.randbelow(10_000):04}" for _ in range(5))


def new_token() -> str:
    """256 bits for a link."""
    return secrets.token_urlsafe(32)


def digest(text: str) -> str:
    """SHA-256, for tokens of full strength only; short codes go through `crypto.keyed_digest`."""
    return hashlib.sha256(text.encode()).hexdigest()


def same(one: str, other: str) -> bool:
    """Compares without telling how far it got."""
    return hmac.compare_digest(one.encode(), other.encode())
