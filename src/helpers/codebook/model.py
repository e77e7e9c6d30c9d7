"""What the codebook says, as frozen objects: CSV files under `data/codebook/` in, a `Codebook` out."""

import csv
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Literal, get_args

from helpers import paths
from helpers.errors import CodebookError

ColumnType = Literal[
    "text",
    "code",
    "uscc",
    "integer",
    "decimal",
    "boolean",
    "date",
    "datetime",
    "year",
    "category",
    "ordered",
    "set",
    "list",
    "person_id",
]
Sensitivity = Literal["open", "restricted", "restricted_below_10"]
Severity = Literal["error", "warning"]
LIST_SEPARATOR = ";"
SHEET_NAME_LENGTH = 31
# Excel forbids these in a sheet name; their full-width twins are allowed and fold back to them.
SHEET_NAME_FORBIDDEN = str.maketrans("[]:*?/\\", "［］：＊？／＼")


def fold(text: str) -> str:
    """Return `text` as titles, headers and categories are compared: NFKC, lower case, without blanks, `_.-·`."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split()).translate(_IGNORED)


_IGNORED = str.maketrans("", "", "_.-·")


@dataclass(frozen=True)
class Column:
    """One column of a contracted table, as `columns.csv` states it."""

    table: str
    name: str
    name_zh: str
    name_en: str
    type: ColumnType
    unit: str = ""
    key: Literal["", "PK", "UK"] = ""
    references: str = ""
    required: bool = False
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    pattern: str = ""
    sensitivity: Sensitivity = "open"
    synonyms: tuple[str, ...] = ()
    note_zh: str = ""
    note_en: str = ""
    category_synonyms: dict[str, str] = field(default_factory=dict, hash=False, repr=False)

    @property
    def headers(self) -> tuple[str, ...]:
        """Return every header under which an office may export this column, the Chinese one first."""
        return (self.name_zh, self.name, self.name_en, *self.synonyms)

    def category(self, found: str) -> str | None:
        """Return the allowed value that `found` is or, by `category_synonyms.csv`, stands for, or None."""
        return self._categories.get(fold(found))

    @cached_property
    def _categories(self) -> dict[str, str]:
        allowed = {fold(value): value for value in self.allowed}
        return {fold(found): value for found, value in self.category_synonyms.items()} | allowed

    @property
    def is_money(self) -> bool:
        """Whether the column is an amount of money in 万元 (10,000 yuan)."""
        return self.unit == "万元"


@dataclass(frozen=True)
class Rule:
    """One rule across columns of a row, as `rules.csv` states it.

    `expression` is a pandas `eval` expression over columns; a row in which a named column is missing passes. It may
    call the functions of `helpers.codebook.conditions.RULE_FUNCTIONS` as `@name(column)`.
    """

    name: str
    table: str
    expression: str
    severity: Severity
    message_zh: str
    message_en: str


@dataclass(frozen=True)
class Table:
    """One contracted table with its columns in order."""

    name: str
    name_zh: str
    name_en: str
    grain_zh: str
    grain_en: str
    force: str
    study: Literal["zone", "supplement", "listed"]
    synonyms: tuple[str, ...] = ()
    columns: tuple[Column, ...] = field(default=(), repr=False)
    rules: tuple[Rule, ...] = field(default=(), repr=False)

    def __getitem__(self, name: str) -> Column:
        """Return the column called `name`."""
        for column in self.columns:
            if column.name == name:
                return column
        raise CodebookError(f"table '{self.name}' has no column '{name}'; it has {', '.join(self.column_names)}")

    @property
    def column_names(self) -> tuple[str, ...]:
        """Return the column names in order."""
        return tuple(column.name for column in self.columns)

    @property
    def key(self) -> tuple[str, ...]:
        """Return the columns that together identify a row."""
        return tuple(column.name for column in self.columns if column.key == "PK")

    @property
    def is_restricted(self) -> bool:
        """Whether the table's rows are about persons: it is then kept in the restricted layer only."""
        return any(column.sensitivity == "restricted" and column.key == "PK" for column in self.columns)

    @property
    def delivered_with(self) -> str:
        """Return the study among whose files the table comes: a supplement among the zone's."""
        return "zone" if self.study == "supplement" else self.study

    @property
    def titles(self) -> tuple[str, ...]:
        """Return every file or sheet title under which an office may export this table."""
        return (self.name_zh, self.name, self.name_en, self.sheet_name, *self.synonyms)

    @property
    def sheet_name(self) -> str:
        """Return the Chinese name as an Excel sheet may carry it."""
        return self.name_zh.translate(SHEET_NAME_FORBIDDEN)[:SHEET_NAME_LENGTH]


@dataclass(frozen=True)
class Codebook:
    """All contracted tables by name, in the order in which they are documented."""

    tables: dict[str, Table]

    def __getitem__(self, name: str) -> Table:
        """Return the table called `name`."""
        try:
            return self.tables[name]
        except KeyError:
            raise CodebookError(f"no table '{name}' in the codebook; it has {', '.join(self.tables)}") from None

    def of_study(self, *studies: str) -> tuple[Table, ...]:
        """Return the tables of studies: `zone`, `supplement` (what an office may add to the zone's), `listed`."""
        return tuple(table for table in self.tables.values() if table.study in studies)


def load(folder: Path = paths.CODEBOOK) -> Codebook:
    """Read and check the codebook in `folder`.

    Raises
    ------
    CodebookError
        With every contradiction found: a column of no table, an unknown type, a reference to no table, a key twice,
        one header for two columns of a table, one title for two tables delivered together, a spelling of no allowed
        value.
    """
    return _load(Path(folder))


@cache
def _load(folder: Path) -> Codebook:
    synonyms: dict[tuple[str, str], dict[str, str]] = {}
    for row in _rows(folder / "category_synonyms.csv"):
        synonyms.setdefault((row["table"], row["column"]), {})[row["found"]] = row["allowed"]
    columns = [_column(row, synonyms.pop((row["table"], row["column"]), {})) for row in _rows(folder / "columns.csv")]
    rules = [
        Rule(row["rule"], row["table"], row["expression"], row["severity"], row["message_zh"], row["message_en"])
        for row in _rows(folder / "rules.csv")
    ]
    tables = {}
    for row in _rows(folder / "tables.csv"):
        name = row["table"]
        tables[name] = Table(
            name,
            row["name_zh"],
            row["name_en"],
            row["grain_zh"],
            row["grain_en"],
            row["force"],
            row["study"],
            _split(row["synonyms"]),
            tuple(column for column in columns if column.table == name),
            tuple(rule for rule in rules if rule.table == name),
        )
    codebook = Codebook(tables)
    problems = list(_contradictions(codebook, columns, rules))
    problems += list(_ambiguities(codebook))
    problems += [f"category_synonyms.csv names {'.'.join(where)}, which is no column" for where in synonyms]
    if problems:
        raise CodebookError("the codebook contradicts itself:\n  " + "\n  ".join(problems))
    return codebook


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _split(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(LIST_SEPARATOR) if part)


def _column(row: dict[str, str], category_synonyms: dict[str, str]) -> Column:
    return Column(
        table=row["table"],
        name=row["column"],
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        type=row["type"],
        unit=row["unit"],
        key=row["key"],
        references=row["references"],
        required=row["required"] == "yes",
        allowed=_split(row["allowed"]),
        minimum=float(row["minimum"]) if row["minimum"] else None,
        maximum=float(row["maximum"]) if row["maximum"] else None,
        pattern=row["pattern"],
        sensitivity=row["sensitivity"],
        synonyms=_split(row["synonyms"]),
        note_zh=row["note_zh"],
        note_en=row["note_en"],
        category_synonyms=category_synonyms,
    )


def _ambiguities(codebook: Codebook) -> Iterator[str]:
    titles: dict[tuple[str, str], str] = {}
    for table in codebook.tables.values():
        for title in table.titles:
            owner = titles.setdefault((table.delivered_with, fold(title)), table.name)
            if owner != table.name:
                yield f"the title '{title}' stands for the tables '{owner}' and '{table.name}'"
        headers: dict[str, str] = {}
        for column in table.columns:
            for header in column.headers:
                owner = headers.setdefault(fold(header), column.name)
                if owner != column.name:
                    yield f"table '{table.name}': the header '{header}' stands for '{owner}' and '{column.name}'"
            spellings: dict[str, str] = {fold(value): value for value in column.allowed}
            for found, value in column.category_synonyms.items():
                where = f"{table.name}.{column.name}: the spelling '{found}'"
                if value not in column.allowed:
                    yield f"{where} stands for '{value}', which is not allowed"
                if spellings.setdefault(fold(found), value) != value:
                    yield f"{where} stands for '{spellings[fold(found)]}' and '{value}'"


def _contradictions(codebook: Codebook, columns: list[Column], rules: list[Rule]) -> Iterator[str]:
    seen = set()
    for column in columns:
        where = f"{column.table}.{column.name}"
        if where in seen:
            yield f"{where} stands twice"
        seen.add(where)
        if column.table not in codebook.tables:
            yield f"{where} belongs to no table"
        if column.type not in get_args(ColumnType):
            yield f"{where} has the unknown type '{column.type}'"
        if column.sensitivity not in get_args(Sensitivity):
            yield f"{where} has the unknown sensitivity '{column.sensitivity}'"
        if column.type in ("category", "ordered", "set") and not column.allowed:
            yield f"{where} is a closed set without allowed values"
        if column.references:
            target, _, name = column.references.partition(".")
            if target not in codebook.tables or name not in codebook.tables[target].column_names:
                yield f"{where} refers to '{column.references}', which is no column"
            elif codebook.tables[target][name].type != column.type:
                yield f"{where} is of another type than '{column.references}', to which it refers"
    for table in codebook.tables.values():
        if not table.key:
            yield f"table '{table.name}' has no key"
    named = set()
    for rule in rules:
        if rule.table not in codebook.tables:
            yield f"rule '{rule.name}' belongs to no table"
        if (rule.table, rule.name) in named:
            yield f"table '{rule.table}' has two rules '{rule.name}'"
        named.add((rule.table, rule.name))
        if rule.severity not in get_args(Severity):
            yield f"rule '{rule.name}' of table '{rule.table}' has the unknown severity '{rule.severity}'"
