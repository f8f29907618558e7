import os

import pytest

from portal.kit import codes, crypto
from portal.kit.crypto import Sealed


def test_a_box_opens_what_it_sealed():
    box = crypto.box(crypto.new_key())

    assert box.unseal(box.seal("Rita Lindqvist, Ελένη, 李")) == "Rita Lindqvist, Ελένη, 李"


def test_two_sealings_of_one_text_look_different():
    box = crypto.box(crypto.new_key())

    assert box.seal("same") != box.seal("same")


def test_another_case_cannot_open_it():
    sealed = crypto.box(crypto.new_key()).seal("mine")

    with pytest.raises(Sealed):
        crypto.box(crypto.new_key()).unseal(sealed)


def test_a_sealed_value_cannot_be_moved_to_another_place():
    box = crypto.box(crypto.new_key())

    with pytest.raises(Sealed):
        box.unseal(box.seal("address of shop", context="shop"), context="crm")


def test_one_flipped_bit_is_noticed():
    box = crypto.box(crypto.new_key())
    sealed = bytearray(box.seal("exact"))
    sealed[-1] ^= 1

    with pytest.raises(Sealed):
        box.unseal(bytes(sealed))


def test_a_destroyed_key_opens_nothing():
    with pytest.raises(Sealed, match="destroyed"):
        crypto.box(b"")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("rita@example.org", "rita@EXAMPLE.org", True),  # a domain has no case
        ("rita@example.org", "Rita@example.org", False),  # a mailbox may have
        ("rita@example.org", "ri.ta@example.org", False),
        ("rita@example.org", "rita+shop@example.org", False),
        ("rita@example.org", "rіta@example.org", False),  # a Cyrillic і
        ("rita@example.org", "  rita@example.org ", True),
        ("Zoe\u0301@example.org", "Zo\u00e9@example.org", True),  # one letter, two spellings in Unicode
    ],
)
def test_the_blind_index_finds_exactly_one_mailbox(one, other, same):
    assert (crypto.blind_index("email", one) == crypto.blind_index("email", other)) is same


def test_the_blind_index_keeps_kinds_apart():
    assert crypto.blind_index("email", "17") != crypto.blind_index("customer", "17")


def test_a_signature_names_its_key_and_fails_on_other_bytes():
    jws = crypto.sign(b"what was done", "receipt")

    assert crypto.verify(b"what was done", jws, crypto.public_keys()).startswith("receipt-")
    with pytest.raises(Sealed):
        crypto.verify(b"what was not done", jws, crypto.public_keys())


def test_a_signature_by_a_key_of_another_purpose_is_not_taken_for_ours():
    jws = crypto.sign(b"x", "archive")
    keys = {"keys": [k for k in crypto.public_keys()["keys"] if k["kid"].startswith("receipt")]}

    with pytest.raises(Sealed):
        crypto.verify(b"x", jws, keys)


@pytest.mark.parametrize("broken", ["", "a.b", "a.b.c", "..", "e30..", "e30.e30.AA"])
def test_a_broken_signature_is_refused_in_words(broken):
    with pytest.raises(Sealed, match="does not belong"):
        crypto.verify(b"x", broken, crypto.public_keys())


def test_codes_forgive_spaces_dashes_and_case():
    code = codes.new_code()

    assert codes.normalise_code(f" {code[:4].lower()}-{code[4:]} ") == code


@pytest.mark.parametrize("typed", ["DR-4F7K-9Q", "dr4f7k9q", " dr 4f7k 9q ", "DR–4F7K–9Q"])
def test_a_reference_is_understood_however_it_is_typed(typed):
    assert codes.normalise_reference(typed) == "DR-4F7K-9Q"


def test_codes_hold_no_signs_that_people_confuse():
    signs = set("".join(codes.new_code() for _ in range(300)))

    assert not signs & set("01ILOS5U")


def test_random_bytes_survive(tmp_path):
    box = crypto.box(crypto.new_key())
    payload = os.urandom(5000)

    assert box.open_bytes(box.seal(payload)) == payload
