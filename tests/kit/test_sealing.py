import os

import pytest

from portal.kit import crypto
from portal.kit.crypto import Sealed
from portal.kit.sealing import CHUNK, HEAD, TAG, SealedFile, SealedReader, SealedWriter


@pytest.fixture
def box():
    return crypto.box(crypto.new_key())


def write(path, box, payload):
    with SealedWriter(path, box) as out:
        for start in range(0, len(payload), 10_000):
            out.write(payload[start : start + 10_000])


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 17])
def test_every_size_comes_back_whole_in_ranges_and_seekable(tmp_path, box, size):
    payload = os.urandom(size)
    write(tmp_path / "f", box, payload)
    reader = SealedReader(tmp_path / "f", box)

    assert reader.size == size
    assert b"".join(reader) == payload
    assert b"".join(reader.read(100, CHUNK)) == payload[100 : 100 + CHUNK]
    assert SealedFile(reader).read() == payload


def test_lines_are_found_across_chunks(tmp_path, box):
    lines = [os.urandom(20_000).hex().encode() for _ in range(12)]
    write(tmp_path / "f", box, b"\n".join(lines) + b"\n")

    assert list(SealedReader(tmp_path / "f", box).lines()) == lines


def test_nothing_readable_lies_on_disk(tmp_path, box):
    write(tmp_path / "f", box, b"rita.lindqvist@example.org " * 5000)

    assert b"rita" not in (tmp_path / "f").read_bytes()


def test_a_crash_leaves_no_file_under_its_name(tmp_path, box):
    def crash():
        with SealedWriter(tmp_path / "f", box) as out:
            out.write(b"half")
            raise RuntimeError("power")

    with pytest.raises(RuntimeError, match="power"):
        crash()

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("where", [HEAD, HEAD + CHUNK + TAG + 3, -1, 10])
def test_one_changed_byte_is_noticed(tmp_path, box, where):
    path = tmp_path / "f"
    write(path, box, os.urandom(3 * CHUNK))
    raw = bytearray(path.read_bytes())
    raw[where] ^= 1
    path.write_bytes(raw)

    with pytest.raises(Sealed):
        b"".join(SealedReader(path, box))


def test_a_file_cut_at_a_chunk_is_noticed(tmp_path, box):
    path = tmp_path / "f"
    write(path, box, os.urandom(3 * CHUNK))
    path.write_bytes(path.read_bytes()[: HEAD + 2 * (CHUNK + TAG)])

    with pytest.raises(Sealed):
        b"".join(SealedReader(path, box))


def test_chunks_cannot_change_places(tmp_path, box):
    path = tmp_path / "f"
    write(path, box, os.urandom(3 * CHUNK))
    raw, size = path.read_bytes(), CHUNK + TAG
    path.write_bytes(raw[:HEAD] + raw[HEAD + size : HEAD + 2 * size] + raw[HEAD : HEAD + size] + raw[HEAD + 2 * size :])

    with pytest.raises(Sealed):
        b"".join(SealedReader(path, box))


def test_a_file_that_was_never_sealed_is_refused(tmp_path, box):
    (tmp_path / "f").write_bytes(b"plain")

    with pytest.raises(Sealed, match="not a sealed file"):
        SealedReader(tmp_path / "f", box)


def test_whoever_was_overtaken_spoils_nothing_of_whoever_goes_on(tmp_path, box):
    late, next_one = SealedWriter(tmp_path / "a", box), None
    late.write(b"l" * 3 * CHUNK)
    next_one = SealedWriter(tmp_path / "a", box)
    next_one.write(b"n" * CHUNK)
    late.write(b"l" * CHUNK)
    next_one.close()
    late.abandon()

    assert b"".join(SealedReader(tmp_path / "a", box)) == b"n" * CHUNK


def test_whoever_was_overtaken_gives_no_file_its_name(tmp_path, box):
    late = SealedWriter(tmp_path / "a", box)
    late.write(b"late")
    next_one = SealedWriter(tmp_path / "a", box)
    with pytest.raises(FileExistsError):
        late.close()
    assert not (tmp_path / "a").exists()
    next_one.write(b"next")
    next_one.close()

    assert b"".join(SealedReader(tmp_path / "a", box)) == b"next"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
