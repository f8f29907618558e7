"""What screens show of a personal value until somebody asks to see it."""


def mask_email(address: str) -> str:
    """rita@example.org as r•••@example.org."""
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}•••@{domain}" if name else mask_text(address)


def mask_text(value: str) -> str:
    """The first sign, and that there is more."""
    return f"{value[:1]}•••"
