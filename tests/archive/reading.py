"""Opening an archive's pages the way a reader would."""

import io
import re
import zipfile
from html.parser import HTMLParser

from exports.archive.cover import Cover, Table
from tests.archive.samples import sealed


class Outline(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, text: str) -> None:
        self.words.append(text)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


def files_of(cover: Cover, *tables: Table) -> dict[str, str]:
    archive, _ = sealed(cover, tables, lambda content: "head..tail")
    with zipfile.ZipFile(io.BytesIO(archive)) as package:
        return {name.partition("/")[2]: package.read(name).decode() for name in package.namelist()}


def index_of(cover: Cover, *tables: Table) -> str:
    return Outline(files_of(cover, *tables)["data/index.html"]).text


def pages_of(files: dict[str, str]) -> dict[str, str]:
    return {name: content for name, content in files.items() if name.endswith(".html")}
