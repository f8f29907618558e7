from typing import Any

from django.core.management.base import BaseCommand

from portal.demo import postman


class Command(BaseCommand):
    help = "Posts letters to visitors of a demo while its sample requests are being played."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Posted {postman.carry()} letters.")
