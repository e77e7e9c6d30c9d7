"""What must not leave: a text in, where identity numbers, addresses, pseudonyms, paths, secrets, tracebacks are.

Each kind is told from look-alikes by what makes it valid (a check digit, a date, a region) and by its borders, so that
credit codes, application numbers, hashes and coordinates are not taken for it.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import pyarrow.parquet as parquet

from helpers import codebook
from helpers.ingest.people import HEX_DIGITS, KEY_FILE, key_from_environment
from helpers.report.gate import machine_paths

Kind = Literal[
    "resident_id", "mobile_number", "email", "person_pid", "machine_path", "environment_value", "access_token",
    "traceback", "unreadable",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
# GB/T 2260: first two digits of a division code.
_PROVINCES = frozenset({
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42", "43", "44",
    "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82", "83",
})  # fmt: skip
_EARLIEST_BIRTH = 1900
# GB 11643-1999: weights of the first 17 digits modulo 11, and the check character of each remainder.
_WEIGHTS = tuple(pow(2, 17 - place, 11) for place in range(17))
_CHECKS = "10X98765432"
_GAP = r"[ \t\u00a0.·-]"
# Borders are looked at behind the first sign: a search that begins with a sign is several times as fast as one that
# begins with a condition.
_ID = re.compile(
    rf"[1-8](?<![0-9].)(?<![0-9]\..)[0-9]{{5}}{_GAP}?(?:18|19|20)[0-9]{{2}}{_GAP}?[01][0-9]{_GAP}?[0-3][0-9]{_GAP}?"
    rf"[0-9]{{3}}[0-9Xx](?![0-9])(?!\.[0-9])"
)
_OLD_ID = re.compile(r"[1-8](?<![\w.+-].)[0-9]{7}[01][0-9][0-3][0-9]{4}(?![\w-])(?!\.[0-9])", re.ASCII)
_MOBILE = re.compile(
    rf"1[3-9][0-9](?:[0-9]{{8}}|({_GAP})[0-9]{{4}}\1[0-9]{{4}}|({_GAP})[0-9]{{3}}\2[0-9]{{5}})(?![0-9])(?!\.[0-9])"
)
_COUNTRY = re.compile(rf"(?<![0-9])(?:(?:\+|00)?86{_GAP}?)?$")
_NO_ID = re.compile(r"[^0-9Xx]")
_WORD = re.compile(r"[0-9A-Za-z]*")
_HEX_LETTERS = re.compile(r"[a-fA-F]*")
_LOCAL_PART = re.compile(r"[\w.+%-]*")
_DOMAIN = re.compile(r"@(?:[\w-]{1,63}\.)+[^\W\d_]{2,24}(?![\w-])")
_HEX = re.compile(r"[0-9a-fA-F]{12,}")
# The shortest beginning of a pseudonym that is looked for: 48 bits, which nothing else shares by accident.
_PREFIX = 12
_END = r"[^\s\"'<>|]*"
_PLACES = (
    re.compile(
        r"/(?<![\w.~:%+-]/)(?<!//)(?:home|Users|root|tmp|mnt|media|opt|srv|workspace|var/(?:folders|tmp|lib|log)|private"
        rf"|usr/(?:lib|local|share))/[\w.~-]{_END}"
    ),
    re.compile(rf"file:///[\w.~-]{_END}"),
    re.compile(
        rf":(?<=[C-Zc-z]:)(?<![\w\\].:)(?:[\\/]{{1,2}}(?:Users|Windows|ProgramData|Program Files)[\\/]"
        rf"|(?<=[C-Z]:)\\{{1,2}}[\w.~-]){_END}"
    ),
)
# Each by the letters it begins with, found first, and its form from there.
_TOKENS = {
    start: re.compile(form)
    for start, form in {
        "-----BEGIN ": r"-----BEGIN [A-Z ]*PRIVATE KEY-----", "AKIA": r"AKIA[0-9A-Z]{16}\b",
        "ASIA": r"ASIA[0-9A-Z]{16}\b",
        "LTAI": r"LTAI[0-9A-Za-z]{12,24}\b", "AKID": r"AKID[0-9A-Za-z]{28,36}\b", "gh": r"gh[pousr]_[0-9A-Za-z]{30,}",
        "github_pat_": r"github_pat_\w{30,}", "glpat-": r"glpat-[\w-]{20,}", "xox": r"xox[abprs]-[\w-]{10,}",
        "AIza": r"AIza[\w-]{35}", "sk-": r"sk-(?=[\w-]*\d)[\w-]{20,}", "hf_": r"hf_[0-9A-Za-z]{30,}",
        "pypi-": r"pypi-[\w-]{40,}", "eyJ": r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+",
        "://": r"://[^\s/:@\"'<>]+:[^\s/@\"'<>]{3,}@[\w.-]+",
    }.items()
}  # fmt: skip
_TRACEBACK = re.compile(r"Traceback \(most recent call last\)|File \"[^\"\n]+\", line \d+")
_SECRET_NAME = re.compile(
    r"(?:^|_)(?:API_?KEY|KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASS|CREDENTIALS?|COOKIE|DSN)(?:_|$)", re.IGNORECASE
)
_SHORTEST_SECRET = 8


class Hit(NamedTuple):
    """Something that must not leave, and where in the text it begins and ends."""

    kind: Kind
    start: int
    end: int


@dataclass(frozen=True)
class Known:
    """What is looked for exactly, because the machine that makes the release knows it.

    Attributes
    ----------
    pids : frozenset of str
        The first twelve digits of every person id of the run's restricted tables.
    secrets : tuple of str
        Values of environment variables whose names say that they are secret.
    places : Pattern or None
        This machine's own folders.
    """

    pids: frozenset[str] = frozenset()
    secrets: tuple[str, ...] = ()
    places: re.Pattern[str] | None = field(default_factory=machine_paths)

    @classmethod
    def at_hand(cls, derived: Path | None = None, environment: Mapping[str, str] = os.environ) -> "Known":
        """Return what this machine knows: of its environment, and of the run whose derived data lie in `derived`."""
        folder = derived / "restricted" if derived else None
        pids = frozenset(_pids(sorted(folder.glob("*.parquet")))) if folder and folder.is_dir() else frozenset()
        return cls(pids, tuple(sorted(_secrets(environment), key=len, reverse=True)))


def search(text: str, known: Known) -> Iterator[Hit]:
    """Find everything in `text` that must not leave, as it stands there; `views` has other ways of writing it."""
    yield from (Hit("resident_id", *found.span()) for found in _ID.finditer(text) if _is_resident(found[0]))
    yield from (Hit("resident_id", *found.span()) for found in _OLD_ID.finditer(text) if _is_old(found[0]))
    yield from (Hit("mobile_number", *found.span()) for found in _MOBILE.finditer(text) if _is_mobile(text, found))
    yield from _emails(text)
    yield from _pseudonyms(text, known.pids)
    for pattern in (*_PLACES, *([known.places] if known.places else [])):
        yield from (Hit("machine_path", *found.span()) for found in pattern.finditer(text))
    yield from _tokens(text)
    yield from (Hit("traceback", *found.span()) for found in _TRACEBACK.finditer(text))
    for secret in known.secrets:
        yield from (Hit("environment_value", at, at + len(secret)) for at in _all(text, secret))


def check_character(digits: str) -> str:
    """Return the 18th character of a resident id from the first 17 (ISO 7064, MOD 11-2)."""
    return _CHECKS[sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True)) % 11]


def masked(text: str) -> str:
    """Return the shape of a value: every digit as 9, every letter as a, cut after 40 characters."""
    shape = re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "9", text[:40]))
    return " ".join(shape.split()) + ("…" if len(text) > 40 else "")


def without(text: str, known: Known) -> str:
    """Return `text` with three dots in the place of everything that must not leave."""
    hits = sorted(search(text, known), key=lambda hit: (hit.start, -hit.end))
    parts, at = [], 0
    for hit in hits:
        if hit.end > at:
            parts += [text[at : max(at, hit.start)], "…"]
            at = hit.end
    return "".join([*parts, text[at:]])


def _is_resident(written: str) -> bool:
    bare = _NO_ID.sub("", written)
    is_born = _is_day(int(bare[6:10]), int(bare[10:12]), int(bare[12:14])) and int(bare[6:10]) >= _EARLIEST_BIRTH
    return bare[:2] in _PROVINCES and is_born and check_character(bare[:17]) == bare[17].upper()


def _is_old(digits: str) -> bool:
    is_born = int(digits[6]) >= 2 and _is_day(1900 + int(digits[6:8]), int(digits[8:10]), int(digits[10:12]))
    return digits[:2] in _PROVINCES and digits[2:4] != "00" and is_born


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        return date(year, month, day) <= date.today()
    except ValueError:
        return False


def _is_mobile(text: str, found: re.Match[str]) -> bool:
    """Tell a number from eleven digits inside of a hash or another code, and from a round amount of money."""
    before = text[max(0, found.start() - 80) : found.start()]
    country = _COUNTRY.search(before)
    before = before[: country.start()] if country else before
    left = _WORD.match(before[::-1])[0]
    around = left + text[found.end() : _WORD.match(text, found.end()).end()]
    in_code = any(sign.isdigit() for sign in around) or (around and _HEX_LETTERS.fullmatch(around))
    is_decimal = before.endswith(".") and before[-2:-1].isdigit()
    return not in_code and not is_decimal and not found[0].endswith("000000")


def _all(text: str, part: str) -> Iterator[int]:
    """Return every place of a part, which is found much faster than a pattern."""
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + 1)


def _emails(text: str) -> Iterator[Hit]:
    for at in _all(text, "@"):
        before = _LOCAL_PART.match(text[max(0, at - 64) : at][::-1])[0]
        behind = _DOMAIN.match(text, at)
        if before.strip(".") and behind:
            yield Hit("email", at - len(before), behind.end())


def _tokens(text: str) -> Iterator[Hit]:
    for start, form in _TOKENS.items():
        for at in _all(text, start):
            found = form.match(text, at)
            if found and not (start[0].isalpha() and text[max(0, at - 1) : at].isalnum()):
                yield Hit("access_token", *found.span())


def _pseudonyms(text: str, pids: frozenset[str]) -> Iterator[Hit]:
    for found in _HEX.finditer(text):
        run = found[0].lower()
        before, behind = text[found.start() - 1 : found.start()], text[found.end() : found.end() + 1]
        stands_alone = not before.isalnum() and not behind.isalnum()
        is_form = len(run) == HEX_DIGITS and stands_alone and not run.isdigit() and not run.isalpha()
        if is_form or any(run[at : at + _PREFIX] in pids for at in range(len(run) - _PREFIX + 1)):
            yield Hit("person_pid", *found.span())


def _pids(files: Iterable[Path]) -> Iterator[str]:
    tables = codebook.load().tables
    for file in files:
        held = set(parquet.read_schema(file).names)
        columns = tables[file.stem].columns if file.stem in tables else ()
        names = [column.name for column in columns if column.type == "person_id" and column.name in held]
        for column in parquet.read_table(file, columns=names).columns if names else ():
            yield from (pid[:_PREFIX] for pid in column.unique().drop_null().to_pylist())


def _secrets(environment: Mapping[str, str]) -> Iterator[str]:
    for name, value in environment.items():
        if _SECRET_NAME.search(name) and len(value.strip()) >= _SHORTEST_SECRET:
            yield value.strip()
    if environment.get(KEY_FILE):
        yield from filter(None, [(key_from_environment(environment) or b"").decode("utf-8", "replace")])
