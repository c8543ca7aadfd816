"""Detects the encoding of a text file, and writes a UTF-8 copy where DuckDB could not read it as it is."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from pathlib import Path

from scripts.intake.landing import BrokenFile, LandingFile, chunks
from scripts.intake.typed_rows import NOT_TEXT

# Besides UTF-8 and UTF-16, which can be recognised, this is what European systems write. The bytes do not show which
# legacy encoding it is: without restriction, charset-normalizer takes files of European names in cp1252 for cp1250,
# cp437 or cp1006; restricted to these encodings, it finds none for a file in which a single byte is damaged.
LEGACY = "cp1252"
SAMPLE = 1 << 18
VALID_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
HIGH_BYTE = re.compile(rb"[\x80-\xff]")
MARKS = ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"),
         (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip


class TextScan:
    """Result of one pass over a text file.

    `encoding` is the name of a Python codec; `has_not_text`: some bytes may be invalid in that encoding; `needs_copy`:
    DuckDB needs a cleaned copy. Raises BrokenFile when the file cannot be read to its end.
    """

    def __init__(self, file: LandingFile, stated_encoding: str | None = None) -> None:
        self.encoding, self.has_not_text, self.needs_copy = stated_encoding or "", False, False
        nul = returns = pairs = feeds = valid = high = 0
        last, is_utf8, has_blank_lines = b"", True, False
        decoder = codecs.getincrementaldecoder("utf-8")()
        for number, chunk in enumerate(chunks(file)):
            if number == 0:
                self._look_at_start(chunk[:SAMPLE])
            nul += chunk.count(b"\0")
            returns += chunk.count(b"\r")
            feeds += chunk.count(b"\n")
            if returns:
                pairs += chunk.count(b"\r\n") + (last == b"\r" and chunk.startswith(b"\n"))
            # A pair split between two chunks is missed; if it is the only one, line numbers shift but content does not.
            has_blank_lines = has_blank_lines or b"\n\n" in chunk or (returns > 0 and b"\n\r\n" in chunk)
            last = chunk[-1:]
            is_ascii = chunk.isascii()
            if not is_ascii:
                # Sequences split between two chunks are too few to matter.
                valid += sum(1 for _ in VALID_SEQUENCE.finditer(chunk)) if not is_utf8 else 0
                high += sum(1 for _ in HIGH_BYTE.finditer(chunk)) if not is_utf8 else 0
            # Decoding costs a hundred times as much as looking for a high byte, so plain ASCII is skipped.
            if is_utf8 and not (is_ascii and not decoder.getstate()[0]):
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    is_utf8 = False
                    valid, high = self._count_so_far(file, number)
        if is_utf8:
            try:
                decoder.decode(b"", final=True)
            except UnicodeDecodeError:  # cut off in the middle of a character
                is_utf8, (valid, high) = False, self._count_so_far(file, None)
        if not self.encoding:
            # A UTF-8 file with some damage has far more valid sequences than stray bytes.
            self.encoding = "utf-8" if is_utf8 or 4 * valid > high else LEGACY
        self.has_not_text = self.encoding != LEGACY and not (self.encoding == "utf-8" and is_utf8)
        is_uniform = returns == 0 or returns == pairs == feeds
        is_dirty = bool(nul) or (file.kind == "csv" and (has_blank_lines or not is_uniform)) or self.has_not_text
        self.needs_copy = is_dirty or self.encoding != "utf-8" or file.suffix.endswith((".zst", ".bz2"))

    def _look_at_start(self, start: bytes) -> None:
        for mark, encoding in MARKS:
            if start.startswith(mark):
                self.encoding = encoding
                return
        # UTF-16 without a byte order mark: every second byte of Latin text is 0.
        if not self.encoding and start.count(b"\0") > len(start) * 0.3:
            even, odd = start[0::2].count(b"\0"), start[1::2].count(b"\0")
            self.encoding = "utf-16-le" if odd > even else "utf-16-be"

    @staticmethod
    def _count_so_far(file: LandingFile, until: int | None) -> tuple[int, int]:
        valid = high = 0
        for number, chunk in enumerate(chunks(file)):
            valid += sum(1 for _ in VALID_SEQUENCE.finditer(chunk))
            high += sum(1 for _ in HIGH_BYTE.finditer(chunk))
            if number == until:
                break
        return valid, high


def write_copy(file: LandingFile, scan: TextScan, copy: Path) -> list[int]:
    """Write the file to `copy` as UTF-8 with line feeds and without NUL; invalid bytes become NOT_TEXT.

    In CSV a lone carriage return ends a line only where the file has no line feed at all; elsewhere it becomes a space.
    Blank lines between CSV records, which DuckDB skips without counting, are left out: for each of them, the number of
    records before it, including the header, is returned.
    """
    blanks: list[int] = []
    with copy.open("w", encoding="utf-8", newline="") as out:
        if file.kind == "csv":
            out.writelines(_records(_lines(_with_line_feeds(file, scan)), blanks))
        else:
            out.writelines(text.replace("\0", "") for text in _text(file, scan))
    return blanks


def _with_line_feeds(file: LandingFile, scan: TextScan) -> Iterator[str]:
    ends = "\n" if not _has_line_feed(file, scan) else " "
    held = ""
    for text in _text(file, scan):
        text = held + text.replace("\0", "")
        held = "\r" if text.endswith("\r") else ""
        yield text[: len(text) - len(held)].replace("\r\n", "\n").replace("\r", ends)
    yield "\n" if held else ""


def _lines(texts: Iterator[str]) -> Iterator[str]:
    held = ""
    for text in texts:
        *whole, held = (held + text).split("\n")
        yield from (line + "\n" for line in whole)
    if held:
        yield held


def _records(lines: Iterator[str], blanks: list[int]) -> Iterator[str]:
    """The lines except blank ones outside quotes; fills `blanks`."""
    count, is_quoted = 0, False
    for line in lines:
        if line == "\n" and not is_quoted:
            blanks.append(count)
            continue
        count += not is_quoted
        is_quoted ^= line.count('"') % 2 == 1
        yield line


def _has_line_feed(file: LandingFile, scan: TextScan) -> bool:
    return any("\n" in text for text in _text(file, scan))


def _text(file: LandingFile, scan: TextScan) -> Iterator[str]:
    try:
        decoder = codecs.getincrementaldecoder(scan.encoding)(errors="not_text")
    except LookupError:
        raise BrokenFile(
            f"unknown encoding {scan.encoding}; correct encoding_{file.table.source} in world.json"
        ) from None
    is_first = True
    for chunk in chunks(file):
        text = decoder.decode(chunk)
        if is_first:
            text, is_first = text.removeprefix("\ufeff"), False
        yield text
    yield decoder.decode(b"", final=True)


def _mark(problem: UnicodeError) -> tuple[str, int]:
    assert isinstance(problem, UnicodeDecodeError)
    data = problem.object[problem.start : problem.end]
    if problem.encoding.lower().replace("_", "").replace("-", "") in ("cp1252", "charmap", "windows1252"):
        return data.decode("latin-1"), problem.end  # the five codes that cp1252 leaves undefined
    return NOT_TEXT, problem.end


codecs.register_error("not_text", _mark)


def sample_text(file: LandingFile, scan: TextScan) -> io.StringIO:
    """The start of the file as text, from which to read its header."""
    return io.StringIO(next(iter(_text(file, scan)), "")[:SAMPLE], newline="")
