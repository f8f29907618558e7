from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The roof: wires things, holds no logic."""

    name = "portal"

    def ready(self) -> None:
        import portal.checks  # noqa: F401  (registers the start-up checks)
