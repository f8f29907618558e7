"""One system of an organisation: its kind, how it is reached, what its datasets say. What may hold a secret is sealed."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import models

from portal.kit import crypto
from portal.organisations.models import Organisation


class DataSource(models.Model):
    """One system of the organisation: a connection and its datasets. Addresses hold passwords, so they are sealed."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="data_sources")
    key = models.SlugField(max_length=60)
    title = models.CharField(max_length=120)
    kind = models.CharField(max_length=20, default="sql")
    url_sealed = models.BinaryField()
    write_url_sealed = models.BinaryField(default=bytes)
    settings_sealed = models.BinaryField(default=bytes)  # what its kind needs beside an address; it may hold secrets
    datasets = models.JSONField(default=list)
    note = models.CharField(max_length=300, blank=True)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "key"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organisation", "key"], name="data_source_key_once"),
        ]

    def __str__(self) -> str:
        return f"{self.organisation.key}/{self.key}"

    @property
    def url(self) -> str:
        """The address that reads."""
        return crypto.installation_box("sources").unseal(self.url_sealed, context=self.key)

    @url.setter
    def url(self, address: str) -> None:
        self.url_sealed = crypto.installation_box("sources").seal(address, context=self.key)

    @property
    def write_url(self) -> str:
        """The address that erases and corrects; empty when the reading one serves for both."""
        return crypto.installation_box("sources").unseal(self.write_url_sealed, context=self.key) if self.write_url_sealed else ""

    @write_url.setter
    def write_url(self, address: str) -> None:
        self.write_url_sealed = crypto.installation_box("sources").seal(address, context=self.key) if address else b""

    @property
    def settings(self) -> dict[str, Any]:
        """What its kind needs beside an address, as sources.yaml says it, with its secrets."""
        if not self.settings_sealed:
            return {}
        found: dict[str, Any] = json.loads(crypto.installation_box("sources").unseal(self.settings_sealed, context=f"{self.key}/settings"))
        return found

    @settings.setter
    def settings(self, plain: Mapping[str, Any]) -> None:
        text = json.dumps(plain, sort_keys=True)
        self.settings_sealed = crypto.installation_box("sources").seal(text, context=f"{self.key}/settings") if plain else b""
