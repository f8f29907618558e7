"""Runs management commands; `./start manage …` calls this inside the product's own environment."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    from django.core.management import execute_from_command_line

    import portal.celery  # noqa: F401  (the task app must exist before any task is sent)
    from portal.store import StoreMissing, make_ready

    try:
        make_ready(sys.argv[1:])
    except StoreMissing as why:
        sys.exit(str(why))
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
