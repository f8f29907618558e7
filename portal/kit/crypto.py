"""Keys, boxes, blind indexes and signatures.

One master key wraps everything. Purposes (content, handles, log, spools, index, signing) get keys of their own by HKDF, so that
destroying or leaking one says nothing about another. A case or a job has a random key, wrapped; forgetting it destroys the content.
"""

import base64
import hashlib
import hmac
import json
import os
import unicodedata
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

NONCE = 12


class Sealed(Exception):
    """Something cannot be opened: the key is gone or the bytes were changed."""


@lru_cache(maxsize=32)
def purpose_key(purpose: str) -> bytes:
    """The 32-byte key of one purpose, derived from the master key."""
    master = bytes.fromhex(settings.MASTER_KEY)
    return HKDF(hashes.SHA256(), 32, salt=None, info=f"habeas/1/{purpose}".encode()).derive(master)


class Box:
    """Seals small values with AES-256-GCM; `context` binds a value to its place, so that it cannot be moved."""

    def __init__(self, key: bytes) -> None:
        self.key = key
        self._aead = AESGCM(key)

    def seal(self, value: str | bytes, *, context: str = "") -> bytes:
        """Nonce and ciphertext of a text (UTF-8) or bytes."""
        plain = value.encode() if isinstance(value, str) else value
        nonce = os.urandom(NONCE)
        return nonce + self._aead.encrypt(nonce, plain, context.encode())

    def open_bytes(self, sealed: bytes | memoryview, *, context: str = "") -> bytes:
        """The bytes that were sealed. Raises `Sealed` if the key or the context is another, or a bit was changed."""
        raw = bytes(sealed)
        try:
            return self._aead.decrypt(raw[:NONCE], raw[NONCE:], context.encode())
        except (InvalidTag, ValueError) as problem:
            raise Sealed("This content can no longer be opened.") from problem

    def unseal(self, sealed: bytes | memoryview, *, context: str = "") -> str:
        """The text that was sealed."""
        return self.open_bytes(sealed, context=context).decode()


def installation_box(purpose: str) -> Box:
    """The box of one purpose of this installation: `keys`, `sources`, `handles`, `log`…"""
    return Box(purpose_key(purpose))


def new_key() -> bytes:
    """A fresh random key, wrapped under the installation's key of keys: what a case or a job stores."""
    return installation_box("keys").seal(os.urandom(32), context="key")


def box(wrapped: bytes | memoryview) -> Box:
    """The box of a wrapped key. Raises `Sealed` when the key was destroyed (empty) or is not of this installation."""
    if not wrapped:
        raise Sealed("The key of this content was destroyed.")
    return Box(installation_box("keys").open_bytes(wrapped, context="key"))


def canonical_identifier(kind: str, value: str) -> str:
    """The exact form that is compared: Unicode NFC, trimmed; of an email only the domain is folded.

    No dots, plus signs or look-alikes are folded: two mailboxes that a provider may treat as one are two people here.
    """
    text = unicodedata.normalize("NFC", value).strip()
    if kind != "email":
        return text
    name, at, domain = text.rpartition("@")
    return f"{name}{at}{domain.lower()}"


def blind_index(kind: str, value: str) -> str:
    """A token that finds exactly this value again and tells nothing else (HMAC-SHA256, 128 bits)."""
    message = f"{kind}\0{canonical_identifier(kind, value)}".encode()
    return hmac.new(purpose_key("index"), message, hashlib.sha256).hexdigest()[:32]


def keyed_digest(purpose: str, text: str) -> str:
    """HMAC-SHA256 of something short (a code), so that a stolen table cannot be searched offline."""
    return hmac.new(purpose_key(purpose), text.encode(), hashlib.sha256).hexdigest()


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@lru_cache(maxsize=8)
def _signing_key(purpose: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(purpose_key(f"signing/{purpose}"))


def _public_raw(purpose: str) -> bytes:
    return _signing_key(purpose).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def key_id(purpose: str) -> str:
    """Names a signing key: its purpose and the first bytes of its fingerprint."""
    return f"{purpose}-{hashlib.sha256(_public_raw(purpose)).hexdigest()[:16]}"


def sign(payload: bytes, purpose: str) -> str:
    """A detached JWS (RFC 7515 appendix F, Ed25519, RFC 8037) over the payload."""
    header = _b64(json.dumps({"alg": "EdDSA", "kid": key_id(purpose)}, separators=(",", ":")).encode())
    signature = _signing_key(purpose).sign(f"{header}.{_b64(payload)}".encode())
    return f"{header}..{_b64(signature)}"


def public_keys() -> dict[str, list[dict[str, str]]]:
    """The public keys as a JWK set (RFC 7517), for `/.well-known/habeas-keys.json` and for offline checks."""
    purposes = ("archive", "receipt", "log")
    return {"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": key_id(p), "x": _b64(_public_raw(p))} for p in purposes]}


def verify(payload: bytes, jws: str, keys: dict[str, list[dict[str, str]]]) -> str:
    """The id of the key that signed. Raises `Sealed` when the signature, the payload or the key is not right."""
    try:
        header, middle, signature = jws.strip().split(".")
        named = json.loads(_unb64(header))
        jwk = next(k for k in keys["keys"] if k["kid"] == named["kid"] and k.get("crv") == "Ed25519")
        if middle or named["alg"] != "EdDSA":
            raise ValueError("not a detached EdDSA signature")
        public = Ed25519PublicKey.from_public_bytes(_unb64(jwk["x"]))
        public.verify(_unb64(signature), f"{header}.{_b64(payload)}".encode())
    except (InvalidSignature, ValueError, KeyError, StopIteration, UnicodeDecodeError) as problem:
        raise Sealed("The signature does not belong to this content and these keys.") from problem
    return str(named["kid"])
