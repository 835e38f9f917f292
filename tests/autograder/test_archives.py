"""A zip file is unpacked without trusting its names, sizes or kinds; what is left out is listed."""

from __future__ import annotations

import stat
import struct
import time
import zipfile
from pathlib import Path

import pytest

from autograder.submissions.archives import ArchiveError, Limits, unpack

SUFFIXES = (".py", ".ipynb")


def packed(path: Path, entries: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def unpacked(tmp_path: Path, archive: Path, limits: Limits | None = None) -> tuple[list[str], list[str]]:
    """The names that were unpacked, and the remarks."""
    folder = tmp_path / "unpacked" / "here"
    folder.mkdir(parents=True)
    remarks = unpack(archive, folder, SUFFIXES, limits)
    everything = [path for path in (tmp_path / "unpacked").rglob("*") if path.is_file()]
    return sorted(str(path.relative_to(folder)) for path in everything), remarks


def test_what_is_inside_comes_out_with_its_time(tmp_path: Path):
    archive = tmp_path / "class.zip"
    entry = zipfile.ZipInfo("ada/dropout.py", (2024, 5, 17, 12, 30, 0))
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr(entry, "x = 1")
    names, remarks = unpacked(tmp_path, archive)
    assert (names, remarks) == (["ada/dropout.py"], [])
    path = tmp_path / "unpacked/here/ada/dropout.py"
    assert path.read_text() == "x = 1"
    assert time.localtime(path.stat().st_mtime)[:5] == (2024, 5, 17, 12, 30)


@pytest.mark.parametrize(
    "name", ["/etc/evil.py", "../evil.py", "ada/../../evil.py", "..\\evil.py", "C:\\evil.py", "C:evil.py", "\\evil.py"]
)
def test_a_name_that_points_outside_is_refused(tmp_path: Path, name: str):
    names, remarks = unpacked(tmp_path, packed(tmp_path / "a.zip", {name: "x", "fine.py": "x"}))
    assert names == ["fine.py"]
    assert len(remarks) == 1
    assert "points outside" in remarks[0]


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices_are_refused(tmp_path: Path, kind: int):
    entry = zipfile.ZipInfo("ada/dropout.py")
    entry.external_attr = (kind | 0o644) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as opened:
        opened.writestr(entry, "/etc/passwd")
    names, remarks = unpacked(tmp_path, tmp_path / "a.zip")
    assert names == []
    assert "symbolic link or device" in remarks[0]


def test_a_bomb_is_refused_by_its_ratio(tmp_path: Path):
    archive = packed(tmp_path / "a.zip", {"bomb.py": b"#" * (8 * 2**20), "fine.py": "x"})
    names, remarks = unpacked(tmp_path, archive)
    assert names == ["fine.py"]
    assert "zip bomb" in remarks[0]


def test_a_size_that_is_a_lie_is_found_out(tmp_path: Path):
    """The central directory says 10 bytes; there are 3 MiB."""
    archive = packed(tmp_path / "a.zip", {"liar.py": b"#" * (3 * 2**20)})
    data = bytearray(archive.read_bytes())
    directory = data.rindex(b"PK\x01\x02")
    struct.pack_into("<I", data, directory + 24, 10)
    archive.write_bytes(data)
    names, remarks = unpacked(tmp_path, archive, Limits(entry_bytes=2**20))
    assert names == []
    assert "cannot be unpacked" in remarks[0]


def test_all_together_are_limited(tmp_path: Path):
    archive = packed(tmp_path / "a.zip", {f"{n}.py": f"{n}" * 1000 for n in range(10)})
    with pytest.raises(ArchiveError, match="unpacks to more than"):
        unpacked(tmp_path, archive, Limits(total_bytes=5000))


def test_a_single_entry_is_limited(tmp_path: Path):
    names, remarks = unpacked(tmp_path, packed(tmp_path / "a.zip", {"big.py": "x" * 2000}), Limits(entry_bytes=1000))
    assert names == []
    assert "larger than" in remarks[0]


def test_the_number_of_entries_is_limited(tmp_path: Path):
    archive = packed(tmp_path / "a.zip", {f"{n}.py": "x" for n in range(5)})
    with pytest.raises(ArchiveError, match="5 entries, more than 4"):
        unpacked(tmp_path, archive, Limits(entries=4))


def test_overlapping_entries_are_refused(tmp_path: Path):
    """Many directory entries that share the bytes of one: small on disk, endless unpacked."""
    archive = packed(tmp_path / "a.zip", {"a.py": b"x" * 1000, "b.py": b"y" * 1000})
    data = bytearray(archive.read_bytes())
    first = data.index(b"PK\x01\x02")
    second = data.index(b"PK\x01\x02", first + 4)
    struct.pack_into("<I", data, second + 42, 0)  # b.py's bytes now begin where a.py's do
    archive.write_bytes(data)
    names, remarks = unpacked(tmp_path, archive)
    assert "b.py" not in names
    assert any("cannot be unpacked" in remark for remark in remarks)


def test_archives_inside_are_not_unpacked(tmp_path: Path):
    inner = packed(tmp_path / "inner.zip", {"dropout.py": "x"})
    names, remarks = unpacked(tmp_path, packed(tmp_path / "a.zip", {"ada/dropout.zip": inner.read_bytes()}))
    assert names == []
    assert "archive inside an archive" in remarks[0]


def test_two_entries_of_one_name(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as opened:
        opened.writestr("ada.py", "first")
        with pytest.warns(UserWarning, match="Duplicate"):
            opened.writestr("ada.py", "second")
        opened.writestr("ada.py/inside.py", "third")
    names, remarks = unpacked(tmp_path, tmp_path / "a.zip")
    assert names == ["ada.py"]
    assert (tmp_path / "unpacked/here/ada.py").read_text() == "first"
    assert [remark.split(": ")[1] for remark in remarks] == ["another entry has this name"] * 2


def test_encrypted_entries_are_listed(tmp_path: Path):
    archive = packed(tmp_path / "a.zip", {"ada.py": "x"})
    data = bytearray(archive.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    archive.write_bytes(data)
    names, remarks = unpacked(tmp_path, archive)
    assert names == []
    assert remarks == ["ada.py: encrypted"]


def test_damaged_entries_are_listed_and_the_others_come_out(tmp_path: Path):
    archive = packed(tmp_path / "a.zip", {"ada.py": "x = 1\n" * 50, "bob.py": "y = 2\n" * 50})
    data = bytearray(archive.read_bytes())
    data[data.index(b"ada.py") + len("ada.py") + 4] ^= 0xFF
    archive.write_bytes(data)
    names, remarks = unpacked(tmp_path, archive)
    assert names == ["bob.py"]
    assert "ada.py: it cannot be unpacked" in remarks[0]


def test_other_files_are_listed_and_hidden_ones_passed_over(tmp_path: Path):
    entries = {"ada/essay.pdf": "x", "__MACOSX/ada/._dropout.py": "x", "ada/.DS_Store": "x", "ada/timestamp.txt": "x"}
    names, remarks = unpacked(tmp_path, packed(tmp_path / "a.zip", entries))
    assert names == []
    assert remarks == ["ada/essay.pdf: neither .py nor .ipynb"]


def test_a_name_that_would_steer_a_terminal_is_refused_and_shown_escaped(tmp_path: Path):
    names, remarks = unpacked(tmp_path, packed(tmp_path / "a.zip", {"\x1b[2J.py": "x", f"{'n' * 300}.py": "x"}))
    assert names == []
    assert len(remarks) == 2
    assert "\x1b" not in "".join(remarks)


@pytest.mark.parametrize("content", [b"", b"no zip file", b"PK\x03\x04" + b"\0" * 40])
def test_what_is_no_zip_file_is_said_to_be_none(tmp_path: Path, content: bytes):
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(ArchiveError, match="no zip file"):
        unpacked(tmp_path, tmp_path / "a.zip")
