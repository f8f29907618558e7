"""A small policy as its author would write it, and how a test hands it to the reader."""

from pathlib import Path

import pytest

from portal.organisations.policy import PolicyError, read_policy

SMALL = """\
key: shop
name: Shop
legal_name: Shop Ltd
timezone: America/Vancouver
version: "1.0"
effective_on: 2026-02-17
brand: "#1d4f91"
contacts:
  privacy_email: privacy@shop.example.org
regimes: [EU_GDPR]
rights:
  access:
    title: Send me a copy
    days: unspecified
    start: verified
  deletion:
    title: Delete it
    days: 30
    verification: [email_code, second_code]
identities:
  - kind: email
    title: Email address
    required: true
    seeds: true
recipients:
  - key: post
    name: The post
    told_on: [deletion]
authorities:
  - key: dpa
    name: The authority
    regimes: [EU_GDPR]
categories:
  - key: orders
    title: Orders
    topic: Your orders
    retention: 7 years
    on_deletion: {when: kept, period: P7Y, basis: legal_obligation, because: Tax law says so}
    recipients: [post]
  - key: account
    title: Account
    topic: Your account
    retention: unspecified
    on_deletion:
      when: now
    alternative:
      when: after
      period: P30D
      because: The policy says both
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "organisation.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(PolicyError) as refusal:
        read_policy(written(tmp_path, text))
    return str(refusal.value).splitlines()
