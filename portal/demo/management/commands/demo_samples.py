from typing import Any

from django.core.management.base import BaseCommand

from portal.demo import play, samples


class Command(BaseCommand):
    help = "Builds the sample systems and plays the sample requests of a demo; what is there already is kept."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        for key in samples.build_stores():
            self.stdout.write(f"Built the sample systems of {key}.")
        self.stdout.write(f"Played {play.play()} acts of the sample requests.")
