"""Bytes of strangers: nothing in them is believed, and none of them makes reading fail."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from requests_app.mail.imap import READ
from requests_app.mail.natures import Nature
from requests_app.mail.reading import Mail, read
from requests_app.mail.wording import LONGEST_LINE, LONGEST_TEXT, TURNS_TEXT, is_hidden, words_of_html
from tests.mail.posting import a_mail, in_parts
from tests.people import RITA

HTML = "text/html; charset=utf-8"
ADDRESS = "mallory@example.net"


def parts(*pieces: tuple[str, str], kind: str = "mixed") -> Mail:
    text, content_type = in_parts(*pieces, kind=kind)
    return read(a_mail(text, Content_Type=content_type))


@pytest.mark.parametrize(
    ("written", "sender"),
    [
        (RITA, RITA),
        (f"<{RITA}>", RITA),
        (f"Rita Lindqvist <{RITA}>", RITA),
        (f'"Lindqvist, Rita" <{RITA}>', RITA),
        (f"Lindqvist, Rita <{RITA}>", RITA),
        (f"{RITA} (Rita)", RITA),
        (f"=?utf-8?q?R=C3=ADta?= <{RITA}>", RITA),
        (f'"{ADDRESS}" <{RITA}>', RITA),
        (f"{ADDRESS} <{RITA}>", RITA),
        (f"Rita\r\n <{RITA}>", RITA),
        ("Rita.Lindqvist+data@EXAMPLE.org", "Rita.Lindqvist+data@EXAMPLE.org"),
        (f"{RITA}, {ADDRESS}", ""),
        (f"Rita <{RITA}>, Mallory <{ADDRESS}>", ""),
        (f"{ADDRESS}, <{RITA}>", ""),
        (f"<{RITA}> <{ADDRESS}>", ""),
        (f"<{RITA}> and more", ""),
        (f"Rita <<{RITA}>>", ""),
        (f"friends: {RITA};", ""),
        ("undisclosed-recipients:;", ""),
        ("rita", ""),
        ("rita@localhost", ""),
        ("rita@example.org\x00", ""),
        (f"<{'r' * 90}@example.org>", ""),
        (f"{'x' * 5000} <{RITA}>", ""),
    ],
)
def test_the_sender_is_the_one_address_of_from_or_nobody(written: str, sender: str) -> None:
    assert read(a_mail(sender=written)).sender == sender


def test_two_from_lines_are_nobody() -> None:
    mail = read(f"From: {ADDRESS}\r\n".encode() + a_mail())
    assert (mail.sender, mail.flags) == ("", ("many_senders",))


@pytest.mark.parametrize("name", ['"rita@example.org"', "rita@example.org", "=?utf-8?b?" + base64.b64encode(RITA.encode()).decode() + "?="])
def test_an_address_in_the_name_is_flagged_and_not_read(name: str) -> None:
    mail = read(a_mail(sender=f"{name} <{ADDRESS}>"))
    assert mail.sender == ADDRESS
    assert "other_address_in_name" in mail.flags


@pytest.mark.parametrize(
    ("reply_to", "is_flagged"), [("", False), (f"Rita <{RITA}>", False), (ADDRESS, True), (f"x{RITA}", True), (f"{RITA}, {ADDRESS}", True)]
)
def test_answers_to_elsewhere_are_flagged(reply_to: str, is_flagged: bool) -> None:
    mail = read(a_mail(Reply_To=reply_to))
    assert mail.sender == RITA
    assert ("reply_to_differs" in mail.flags) is is_flagged


@pytest.mark.parametrize(
    ("encoded", "plain"),
    [
        ("=?utf-8?q?Datenl=C3=B6schung?=", "Datenlöschung"),
        ("=?ISO-8859-1?Q?L=F6schung?= =?utf-8?b?4pyT?=", "Löschung✓"),
        ("=?utf-8?b?not base64?=", "=?utf-8?b?not base64?="),
        ("=?unheard-of?q?L=C3=B6schung?=", "Löschung"),
        ("=?idna?q?xn--x?=", "xn--x"),
        ("Löschung in raw UTF-8", "Löschung in raw UTF-8"),
        ("two\r\n lines", "two lines"),
        ("a\x00b\x1b[31mc", "ab[31mc"),
        ("\u202egnihtyna\u202c", "gnihtyna"),
        ("x" * 5000, "x" * LONGEST_LINE),
    ],
)
def test_a_subject_is_one_clean_line(encoded: str, plain: str) -> None:
    assert read(a_mail(subject=encoded)).subject == plain


def test_a_subject_cannot_smuggle_a_header_into_ours() -> None:
    mail = read(a_mail(subject="=?utf-8?q?Hi=0D=0ABcc:_all@example.net?="))
    assert mail.subject == "Hi Bcc: all@example.net"


@pytest.mark.parametrize(
    ("charset", "raw"),
    [
        ("utf-8", "Löschung"),
        ("iso-8859-1", "Löschung"),
        ("windows-1251", "Удалите"),
        ("shift_jis", "削除"),
        ("gb18030", "删除"),
        ("koi8-r", "Да"),
    ],
)
def test_text_in_the_character_sets_of_mail(charset: str, raw: str) -> None:
    encoded = base64.b64encode(raw.encode(charset)).decode()
    assert read(a_mail(encoded, Content_Type=f"text/plain; charset={charset}", Content_Transfer_Encoding="base64")).text == raw


@pytest.mark.parametrize(
    "charset", ["utf-7", "idna", "punycode", "hex", "rot13", "unicode_escape", "undefined", "x\x00y", "utf-8'en'a", "", "cp99999"]
)
def test_an_odd_character_set_is_taken_for_utf8(charset: str) -> None:
    assert read(a_mail("L\u00f6schung", Content_Type=f'text/plain; charset="{charset}"')).text == "L\u00f6schung"


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "uuencode", "x-unheard", "7bit", "8BIT", ""])
def test_a_broken_transfer_encoding_is_survived(encoding: str) -> None:
    assert isinstance(read(a_mail("=ZZ =\r\n!!! ===", Content_Transfer_Encoding=encoding)).text, str)


def test_the_plain_part_is_read_before_the_page() -> None:
    mail = parts(("Content-Type: text/plain", "plain words"), (f"Content-Type: {HTML}", "<p>page</p>"), kind="alternative")
    assert (mail.text, mail.attachments, mail.flags) == ("plain words", 0, ())


def test_a_page_is_read_as_words() -> None:
    head = "<head><title>T</title><style>p{}</style></head>"
    page = f"{head}<p>Delete&nbsp;<b>my</b> data</p><script>alert(1)</script><br>Rita &lt;3<!-- secret -->"
    mail = read(a_mail(page, Content_Type=HTML))
    assert mail.text.split() == ["Delete", "my", "data", "Rita", "<3"]
    assert mail.flags == ("html_only",)


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("before<script", "before"),
        ("before<!-- never closed", "before"),
        ("a<scripture>b</scripture>c", "abc"),
        ("a<![if x]>b<![endif]>c", "abc"),
        ("a<?php x ?>b", "ab"),
        ("<SCRIPT>x</ScRiPt>y", "y"),
        ("<textarea><p>x</textarea>y", "y"),
        ("<p>one</p><p>two</p>", "\none\n\ntwo\n"),
        ("&#x202e;&#0;&bogus;", "\u202e\ufffd&bogus;"),
        ("<", "<"),
        ("</", ""),
    ],
)
def test_words_of_odd_pages(page: str, words: str) -> None:
    assert words_of_html(page) == words


@pytest.mark.parametrize("piece", ["<", "<!--", "<a ", "</", "<script>", "&", "<!", "&#", "<a href='", "<p>", "]]>"])
def test_a_page_of_a_quarter_megabyte_of_one_sign_ends(piece: str) -> None:
    read(a_mail(piece * (READ // len(piece)), Content_Type=HTML))


def test_text_that_turns_around_or_hides_is_straightened() -> None:
    text = read(a_mail("pay \u202e001\u202c now\x07\ufeff\r\n\r\n\r\n\r\nend\u2028line \u05e9\u05dc\u05d5\u05dd")).text
    assert not TURNS_TEXT & set(text)
    assert "\x07" not in text
    assert text.endswith("end\nline \u05e9\u05dc\u05d5\u05dd")
    assert "\n\n\n" not in text


def test_long_text_is_cut_and_says_so() -> None:
    mail = read(a_mail("word " * 40_000))
    assert len(mail.text) <= LONGEST_TEXT
    assert "cut" in mail.flags


def test_attachments_are_counted_and_never_read() -> None:
    mail = parts(
        ("Content-Type: text/plain", "see attached"),
        ("Content-Type: application/pdf; name=id.pdf", "%PDF"),
        ("Content-Type: text/plain\r\nContent-Disposition: attachment; filename=passwords.txt", "hunter2"),
        ("Content-Type: image/png", "x"),
        ("Content-Type: message/rfc822", "From: x@y.zz\r\n\r\nan inner letter"),
    )
    assert (mail.text, mail.attachments) == ("see attached", 4)


def test_an_attachment_alone_has_no_words() -> None:
    assert read(a_mail("JVBERi0=", Content_Type="application/pdf", Content_Transfer_Encoding="base64")).text == ""


@pytest.mark.parametrize("depth", [50, 3000])
def test_parts_in_parts_in_parts_end(depth: int) -> None:
    heads = "".join(f"--b{n}\r\nContent-Type: multipart/mixed; boundary=b{n + 1}\r\n\r\n" for n in range(depth))
    raw = a_mail(f"{heads}--b{depth}\r\nContent-Type: text/plain\r\n\r\ndeep", Content_Type="multipart/mixed; boundary=b0")
    mail = read(raw[:READ])
    assert mail.sender == RITA
    assert mail.subject == "Data Access Request"


def test_thousands_of_parts_end() -> None:
    text, content_type = in_parts(*[("Content-Type: text/plain", "x")] * 5000)
    assert read(a_mail(text, Content_Type=content_type)[:READ]).text == "x"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n",
        b"\x00" * 100,
        b"no header at all",
        b"From\r\n\r\n",
        b": x\r\n\r\ny",
        b"Content-Type: multipart/mixed\r\n\r\nno boundary",
        b"Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n",
        b"Content-Type: text/plain; charset*=bogus'x'%ff\r\n\r\nx",
        b"Content-Disposition: attachment; filename*0*=x'%; filename*1=y\r\n\r\nx",
        b"Content-Type: text/html; name*=\xff''\xff\r\n\r\n<p",
        b"From: \xff\xfe\r\nSubject: =?utf-8?q?\xff?=\r\n\r\n",
        b"X: " + b"a" * READ,
        b"From: a@b.cc\r\n" * 20_000,
        b"References: " + b"<a@b.cc> " * 20_000 + b"\r\n\r\n",
        b"From: " + b"(" * 50_000 + b"\r\n\r\n",
        b'From: "' + b"\\" * 50_000 + b"\r\n\r\n",
        b"Subject: " + b"=?q?q?" * 30_000 + b"\r\n\r\n",
    ],
)
def test_what_is_hardly_a_mail_is_survived(raw: bytes) -> None:
    assert isinstance(read(raw[:READ]), Mail)


@settings(deadline=None, max_examples=150)
@given(
    st.binary(max_size=400), st.integers(0, 500), st.sampled_from(["mixed", "alternative", "report; report-type=delivery-status", "digest"])
)
def test_no_bytes_make_reading_fail(noise: bytes, place: int, kind: str) -> None:
    text, _type = in_parts(
        ("Content-Type: text/plain", "x"), (f"Content-Type: {HTML}", "<p>y"), ("Content-Type: message/rfc822", "A: b\r\n\r\nz")
    )
    whole = a_mail(text, Content_Type=f'multipart/{kind}; boundary="edge"')
    mail = read(whole[:place] + noise + whole[place:])
    assert not any(is_hidden(sign) for sign in mail.text + mail.subject if sign != "\n")


@pytest.mark.parametrize(
    ("header", "value", "nature"),
    [
        ("Auto_Submitted", "no", Nature.PERSON),
        ("X_Auto_Response_Suppress", "All", Nature.PERSON),
        ("Auto_Submitted", "auto-replied; owner=x", Nature.AUTOMATIC),
        ("Auto_Submitted", "AUTO-REPLIED (vacation)", Nature.AUTOMATIC),
        ("X_Autoreply", "yes", Nature.AUTOMATIC),
        ("X_Autorespond", "away", Nature.AUTOMATIC),
        ("Precedence", "auto_reply", Nature.AUTOMATIC),
        ("Content_Type", "multipart/report; report-type=disposition-notification", Nature.AUTOMATIC),
        ("Auto_Submitted", "auto-generated", Nature.MANY),
        ("Precedence", "Bulk", Nature.MANY),
        ("Precedence", "list", Nature.MANY),
        ("Precedence", "junk", Nature.MANY),
        ("List_Id", "<all.example.org>", Nature.MANY),
        ("List_Unsubscribe", "<mailto:x@example.org>", Nature.MANY),
        ("Return_Path", "<>", Nature.NOBODY),
        ("sender", "no-reply@example.org", Nature.NOBODY),
        ("sender", "Shop <noreply+42@example.org>", Nature.NOBODY),
        ("Content_Type", "multipart/report; report-type=delivery-status; boundary=x", Nature.BOUNCE),
        ("X_Failed_Recipients", RITA, Nature.BOUNCE),
        ("sender", "MAILER-DAEMON@example.org", Nature.BOUNCE),
        ("sender", "Norah Reply <norah.reply@example.org>", Nature.PERSON),
    ],
)
def test_only_a_person_is_answered(header: str, value: str, nature: Nature) -> None:
    assert read(a_mail(**{header: value})).nature is nature


def test_the_verdicts_of_the_topmost_server_are_noted() -> None:
    top = "mx.example.org; spf=pass smtp.mailfrom=x; dkim=fail (bad) header.d=example.org; dmarc=none; dkim=pass"
    raw = f"Authentication-Results: {top}\r\nAuthentication-Results: evil; dmarc=pass\r\n".encode() + a_mail()
    assert read(raw).authentication == {"spf": "pass", "dkim": "fail", "dmarc": "none"}
    assert read(a_mail()).authentication == {}


def test_only_well_formed_ids_are_taken() -> None:
    mail = read(
        a_mail(Message_ID="<ok.1+a=b@mail.example.org>", References="<a@b.cc> junk <x y@z> <c@d.ee>\r\n <f@g.hh>", In_Reply_To="<a@b.cc>")
    )
    assert mail.message_id == "<ok.1+a=b@mail.example.org>"
    assert mail.refers == ("<a@b.cc>", "<a@b.cc>", "<c@d.ee>", "<f@g.hh>")
