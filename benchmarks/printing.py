"""The newest formal letter of each kind and right in a store, each rendered some times over, in a process of its own."""

from __future__ import annotations

import io
import json
import sys
import time
from statistics import median
from typing import Any

from pypdf import PdfReader

from portal.celery import settle
from requests_app import paper
from requests_app.models import Letter


def main() -> None:
    """Words: how often. Prints what was measured, as JSON."""
    times = int(sys.argv[1])
    formal = Letter.objects.filter(is_formal=True).select_related("case").order_by("pk")
    newest = {(letter.kind, letter.case.right): letter for letter in formal}
    sheets = {f"{kind}, {right}": letter.case.unseal(letter.html_sealed) for (kind, right), letter in newest.items()}
    for html in sheets.values():
        paper.pdf(html)
    settle()
    print(json.dumps([measured(name, html, times) for name, html in sheets.items()]))


def measured(name: str, html: str, times: int) -> dict[str, Any]:
    """CPU seconds (the median and the least), and what came out."""
    used = []
    for _time in range(times):
        began = time.process_time()
        made = paper.pdf(html)
        used.append(time.process_time() - began)
    read = PdfReader(io.BytesIO(made))
    root: Any = read.trailer["/Root"]
    tagged = bool(root["/MarkInfo"]["/Marked"]) and b"pdfuaid:part" in root["/Metadata"].get_data()
    fonts = sorted({str(font["/BaseFont"]).partition("+")[2] for page in read.pages for font in map(_object, _fonts(page))})
    return {
        "name": name,
        "median": median(used),
        "least": min(used),
        "pages": len(read.pages),
        "size": len(made),
        "tagged": tagged,
        "fonts": fonts,
    }


def _fonts(page: Any) -> list[Any]:
    return list(page["/Resources"].get("/Font", {}).values())


def _object(reference: Any) -> Any:
    return reference.get_object()
