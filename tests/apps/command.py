"""What the tests of the ebb command share: a folder of their own, and the command in it."""

import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib

EBB = str(pathlib.Path(sys.argv.pop(1)).resolve())
DATA = pathlib.Path(__file__).resolve().parent.parent / "vectors"


def png(width, height, grey):
    """A grey PNG file: `grey(x, y)` is each pixel's brightness."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + bytes(grey(x, y) for x in range(width)) for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class Command(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)

    def run_ebb(self, *arguments, expect=0):
        done = subprocess.run([EBB, *arguments], cwd=self.path, text=True, capture_output=True)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done

    def bytes_of(self, name):
        return (self.path / name).read_bytes()
