"""The large files of a pack, compressed while it travels."""

import gzip
import os
import pathlib
import shutil

SMALL = 1_000_000  # bytes


def compress(pack):
    for file in pack.iterdir():
        if not file.is_file() or file.stat().st_size <= SMALL:
            continue
        with file.open("rb") as source, gzip.open(f"{file}.gz", "wb", compresslevel=5) as target:
            shutil.copyfileobj(source, target)
        file.unlink()


def expand(pack):
    """Does nothing to a pack that has been expanded; one that it was interrupted in goes on."""
    for file in pack.glob("*.gz"):
        whole = file.with_suffix("")
        part = pathlib.Path(f"{whole}.part")
        with gzip.open(file, "rb") as source, part.open("wb") as target:
            shutil.copyfileobj(source, target)
        part.chmod(0o755)
        os.replace(part, whole)
        file.unlink()
