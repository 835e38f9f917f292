"""Whatever a submission leaves in its folder is deleted, and nothing else is."""

from __future__ import annotations

import os
import resource
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.worker import scratch


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "scratch").mkdir()
    return tmp_path / "scratch"


def fill(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")


def dig(folder: Path, levels: int) -> None:
    """A tree whose paths are longer than the system takes."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("deep", dir_fd=here)
        below = os.open("deep", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)


def test_files_and_folders_are_deleted(folder: Path):
    fill(folder, "a", "b/c", "b/d/e", "b/f/g/h", "i/j")
    os.mkfifo(folder / "b/pipe")
    scratch.delete(folder)
    assert not folder.exists()


def test_a_tree_deeper_than_python_recurses_and_paths_go_is_deleted(folder: Path):
    dig(folder, 1100)
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 20, limits[1]))
    try:
        scratch.delete(folder)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert not folder.exists()


def test_links_are_not_followed(folder: Path, tmp_path: Path):
    fill(tmp_path / "elsewhere", "kept", "sub/kept")
    fill(folder, "a/b")
    for name in ("linked", "a/linked"):
        (folder / name).symlink_to(tmp_path / "elsewhere")
    scratch.delete(folder)
    assert not folder.exists()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    scratch.delete(tmp_path / "link")
    assert (tmp_path / "elsewhere/sub/kept").exists()


def as_an_ordinary_user(act: Callable[[], bool]) -> bool:
    """What a function says in a process without root's rights."""
    pid = os.fork()
    if pid == 0:
        said = False
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            said = act()
        finally:
            os._exit(0 if said else 1)
    return os.waitpid(pid, 0)[1] == 0


@pytest.mark.parametrize("mode", [0o000, 0o111, 0o222, 0o333, 0o444, 0o555])
def test_folders_that_their_owner_may_not_enter_list_or_change_are_deleted(mode: int):
    def leaves_nothing() -> bool:
        folder = Path(tempfile.mkdtemp(dir="/tmp"))
        fill(folder, "a/b/c", "d/e")
        for name in ("a/b", "a", "d", ""):
            (folder / name).chmod(mode)
        scratch.delete(folder)
        return not folder.exists()

    assert as_an_ordinary_user(leaves_nothing)


def test_what_cannot_be_deleted_is_left(folder: Path, monkeypatch: pytest.MonkeyPatch):
    fill(folder, "a", "b", "c/d")
    scratch.delete(folder / "a")
    scratch.delete(folder / "missing")
    unlink = os.unlink

    def fails_at_b(name: str, *, dir_fd: int) -> None:
        if name == "b":
            raise PermissionError
        unlink(name, dir_fd=dir_fd)

    monkeypatch.setattr(os, "unlink", fails_at_b)
    scratch.delete(folder)
    assert [path.name for path in folder.iterdir()] == ["b"]
