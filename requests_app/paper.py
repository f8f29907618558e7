"""Letters on paper: tagged PDF (PDF/UA-1) from HTML. Only workers import this: it loads a typesetting engine."""

import threading
from typing import Any

from weasyprint import HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher

# A letter is made of the person's own words too: nothing that they contain may make this machine fetch a page or read a file.
ALLOWED = ("data",)


class NothingFromOutside(URLFetcher):  # type: ignore[misc]  # WeasyPrint ships no types
    """Opens data: URIs and refuses everything else, redirects included."""

    def __init__(self) -> None:
        super().__init__(allowed_protocols=ALLOWED, allow_redirects=False)

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:
        """The base class compares the scheme too; this says it once more, whatever a later version does."""
        if not url.lower().startswith("data:"):
            raise ValueError("A letter may not fetch anything.")
        return super().fetch(url, headers)


class Fonts(threading.local):
    """The fonts of this machine, looked for once in each thread: a quarter of the time of a letter. Pango's map serves one thread only."""

    def __init__(self) -> None:
        self.found = FontConfiguration()


FONTS = Fonts()


def pdf(html: str) -> bytes:
    """The letter as a PDF that screen readers can read."""
    document = HTML(string=html, url_fetcher=NothingFromOutside(), base_url=None)
    written: bytes = document.write_pdf(pdf_variant="pdf/ua-1", font_config=FONTS.found)
    return written
