"""The texts of MCPWorks' sample: what functions are called, their code, and what failed."""

STAFF = ("Ada Lindgren", "Otto Brandt")
CITIES = ("Uppsala, SE", "San José, US", "Vancouver, CA", "Kraków, PL", "大阪, JP", "Θεσσαλονίκη, GR", "القاهرة, EG", "Montréal, CA")
ENDPOINTS = ("/v1/functions", "/v1/functions/run", "/v1/keys", "/v1/account", "/mcp")
DESCRIPTIONS = (
    ("invoices", "Reads invoices for {name} and adds them up"),
    ("weather", "Asks for tomorrow's weather"),
    ("отчёт", "Еженедельный отчёт, {name}"),
    ("整形", "{name} の表を整える"),
    ("résumé", "Résume un texte pour {name}"),
    ("تقرير", "تقرير يومي"),
    ("tidy", "Tidies a table"),
)


def source_code(name: str, *, author: str, version: int) -> str:
    """The source of one version of a function."""
    by = f"# by {author}, version {version}\n" if author else f"# version {version}\n"
    return (
        f'{by}def run(event):\n    """{name}"""\n    rows = event["text"].splitlines()\n    return {{"rows": len(rows) + {version - 1}}}\n'
    )


def stack_trace(number: int) -> str:
    """Where the code stopped."""
    return f'Traceback (most recent call last):\n  File "gateway.py", line {100 + number}, in forward\nTimeoutError: no answer after 30 s\n'
