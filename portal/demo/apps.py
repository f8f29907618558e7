from django.apps import AppConfig


class DemoConfig(AppConfig):
    """The whole product on one machine, with sample organisations and an outbox in place of mail."""

    name = "portal.demo"
    label = "demo"
