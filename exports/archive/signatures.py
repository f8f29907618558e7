"""Detached Ed25519 signatures (RFC 7515, RFC 8037) checked against a published key set. Runs without Django."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KeySet = Mapping[str, Any]


class SignatureRefused(Exception):
    """The signature does not prove this content; the sentence says what failed."""


def signed_by(payload: bytes, jws: str, keys: KeySet) -> str:
    """The id of the key that signed exactly these bytes. Raises SignatureRefused, saying which part failed."""
    header, signature = _parts(jws)
    try:
        named = json.loads(_unpacked(header))
    except ValueError as problem:
        raise SignatureRefused("The signature is damaged: its header cannot be read.") from problem
    if not isinstance(named, dict) or named.get("alg") != "EdDSA" or "crit" in named:
        raise SignatureRefused("The signature is not of the expected kind (EdDSA).")
    public = _key(str(named.get("kid")), keys)
    try:
        public.verify(_unpacked(signature), f"{header}.".encode() + base64.urlsafe_b64encode(payload).rstrip(b"="))
    except InvalidSignature as problem:
        raise SignatureRefused("The signature does not belong to this content: one of the two was altered.") from problem
    return str(named["kid"])


def _parts(jws: str) -> tuple[str, str]:
    pieces = jws.strip().split(".")
    if len(pieces) != 3 or pieces[1]:
        raise SignatureRefused("The signature is damaged: it is not a detached signature of three parts.")
    return pieces[0], pieces[2]


def _key(name: str, keys: KeySet) -> Ed25519PublicKey:
    listed = keys.get("keys") if isinstance(keys, Mapping) else None
    for key in listed if isinstance(listed, list) else []:
        if isinstance(key, dict) and key.get("kid") == name and key.get("crv") == "Ed25519":
            try:
                return Ed25519PublicKey.from_public_bytes(_unpacked(str(key.get("x"))))
            except ValueError as problem:
                raise SignatureRefused(f"The public key {name} is damaged.") from problem
    raise SignatureRefused(f"The key that signed, {name}, is not among the public keys.")


def _unpacked(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as problem:
        raise SignatureRefused("The signature is damaged: a part of it is not base64.") from problem
