#!/usr/bin/env python3
"""Makes the seeds of a fuzzer: files of tests/data, and records of zip archives there.

usage: tools/fuzz_seeds.py LARGEST FOLDER PATTERN...        a PATTERN is FILES or ARCHIVES:RECORD, as in tests/fuzz/harnesses.txt
"""

import hashlib
import pathlib
import shutil
import sys
import zipfile


def seeds(pattern):
    files, _, record = pattern.partition(":")
    for path in sorted(pathlib.Path("tests/data").glob(files)):
        if not record:
            yield path.read_bytes()
        elif zipfile.is_zipfile(path):
            yield from records(path, record)


def records(path, record):
    try:
        with zipfile.ZipFile(path) as archive:
            yield from [archive.read(name) for name in archive.namelist() if name.split("/")[-1] == record]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError, EOFError):
        pass  # it is malformed for a reason


def main():
    largest, folder = int(sys.argv[1]), pathlib.Path(sys.argv[2])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for pattern in sys.argv[3:]:
        for seed in seeds(pattern):
            if len(seed) <= largest:
                (folder / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)


if __name__ == "__main__":
    main()
