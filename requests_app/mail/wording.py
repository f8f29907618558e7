"""Text of strangers, made fit to be read: plain, of one direction, of bounded length. Plain Python, in one pass over the text."""

import html
import re
import unicodedata

LONGEST_TEXT = 10_000
LONGEST_LINE = 200  # of a subject
# They turn the direction of the text around them: what an officer reads would not be what was written.
TURNS_TEXT = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
HIDDEN = {"Cc", "Cs", "Co", "Cn"}
UNSHOWN = ("script", "style", "head", "title", "template", "textarea")
BREAKS = frozenset({"br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "table", "ul", "ol", "hr", "pre"})
NAME = re.compile(r"/?([a-zA-Z][a-zA-Z0-9]{0,15})")


def clean(text: str) -> tuple[str, bool]:
    """The text without signs that are hidden or turn it around, and whether it was cut."""
    begun = text[: LONGEST_TEXT * 4].replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    seen = "".join(sign for sign in begun if sign == "\n" or not is_hidden(sign))
    lines = [line.rstrip() for line in unicodedata.normalize("NFC", seen.replace("\t", " ")).split("\n")]
    whole = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    is_cut = len(text) > LONGEST_TEXT * 4 or len(whole) > LONGEST_TEXT
    return whole[:LONGEST_TEXT].rstrip(), is_cut


def clean_line(text: str) -> str:
    """One line of bounded length."""
    seen = "".join(" " if sign.isspace() else sign for sign in text[: LONGEST_LINE * 4] if sign.isspace() or not is_hidden(sign))
    return " ".join(unicodedata.normalize("NFC", seen).split())[:LONGEST_LINE]


def is_hidden(sign: str) -> bool:
    """Whether a sign shows nothing, or shows others in another order."""
    return sign in TURNS_TEXT or (sign != "\t" and unicodedata.category(sign) in HIDDEN)


def words_of_html(page: str) -> str:
    """The words of a page and where its lines end; no tag, no script, no comment. Each sign is looked at once."""
    lowered = page.lower()
    kept: list[str] = []
    at = 0
    while (tag := page.find("<", at)) >= 0:
        kept.append(page[at:tag])
        named = NAME.match(page, tag + 1)
        if named is None and page[tag + 1 : tag + 2] not in ("!", "?", "/"):
            kept.append("<")  # “1 < 2” is no tag
            at = tag + 1
            continue
        end = _end_of(lowered, tag)
        if end < 0:
            at = len(page)
            break
        if named and named[1].lower() in BREAKS:
            kept.append("\n")
        at = end
    kept.append(page[at:])
    return html.unescape("".join(re.sub(r"[ \t\r\f\n]+", " ", part) if part != "\n" else part for part in kept))


def _end_of(lowered: str, tag: int) -> int:
    """Where what begins at this `<` ends; for scripts and the like, after their closing tag. Below 0: never."""
    if lowered.startswith("<!--", tag):
        end = lowered.find("-->", tag + 4)
        return end + 3 if end >= 0 else -1
    for name in UNSHOWN:
        if lowered.startswith(name, tag + 1) and not lowered[tag + 1 + len(name) : tag + 2 + len(name)].isalnum():
            tag = lowered.find(f"</{name}", tag)
            break
    end = lowered.find(">", tag) if tag >= 0 else -1
    return end + 1 if end >= 0 else -1
