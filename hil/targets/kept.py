"""Folders that are made once and kept: simulation builds, netlists.

A folder lives in `build/<kind>/<key>` of the checkout, or in the user's cache directory where that
cannot be written. It is there whole or not at all: it is made under another name and renamed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def cache_directory(kind: str) -> Path:
    """Where the folders of a kind are kept."""
    directory = ROOT / "build" / kind
    if (ROOT / "pyproject.toml").exists() and _writable(directory):
        return directory
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "racksat" / kind


def make_once(folder: Path, what: str, make: Callable[[Path], None]) -> None:
    """Make `folder` unless it is there: `make` fills an empty one, which is then renamed.

    Of several processes one makes it and the others wait; the user is told. What `make` raises
    comes through and leaves no folder.
    """
    if folder.exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell(f"waiting for another process that builds {what}")
            fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists():
            return
        tell(f"building {what} (once) ...")
        partial = folder.with_name(f"{folder.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        make(partial)
        partial.rename(folder)


def tell(text: str) -> None:
    """Tell the user what is being waited for."""
    print(f"racksat: {text}", file=sys.stderr, flush=True)


def _writable(directory: Path) -> bool:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(directory, os.W_OK)
