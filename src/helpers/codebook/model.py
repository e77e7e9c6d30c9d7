"""What the codebook says, as frozen objects: CSV files under `data/codebook/` in, a `Codebook` out."""

import csv
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from helpers import paths
from helpers.errors import CodebookError

ColumnType = Literal[
    "text", "code", "uscc", "integer", "decimal", "boolean", "date", "datetime", "year", "category", "ordered", "set",
    "list", "person_id",
]
Sensitivity = Literal["open", "restricted", "restricted_below_5"]
LIST_SEPARATOR = ";"


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

    @property
    def headers(self) -> tuple[str, ...]:
        """Return every header under which an office may export this column, the Chinese one first."""
        return (self.name_zh, self.name, self.name_en, *self.synonyms)

    @property
    def is_money(self) -> bool:
        """Whether the column is an amount of money in 万元 (10,000 yuan)."""
        return self.unit == "万元"


@dataclass(frozen=True)
class Rule:
    """One rule across columns of a row, as `rules.csv` states it.

    `expression` is a pandas `eval` expression over columns; a row in which a named column is missing passes.
    """

    name: str
    table: str
    expression: str
    severity: Literal["error", "warning"]
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
    study: Literal["zone", "listed"]
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
    def titles(self) -> tuple[str, ...]:
        """Return every file or sheet title under which an office may export this table."""
        return (self.name_zh, self.name, self.name_en, *self.synonyms)


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

    def of_study(self, study: str) -> tuple[Table, ...]:
        """Return the tables of one study (`zone` or `listed`)."""
        return tuple(table for table in self.tables.values() if table.study == study)


def load(folder: Path = paths.CODEBOOK) -> Codebook:
    """Read and check the codebook in `folder`.

    Raises
    ------
    CodebookError
        With every contradiction found: a column of no table, an unknown type, a reference to no table, a key twice.
    """
    return _load(Path(folder))


@cache
def _load(folder: Path) -> Codebook:
    columns = [_column(row) for row in _rows(folder / "columns.csv")]
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
    if problems:
        raise CodebookError("the codebook contradicts itself:\n  " + "\n  ".join(problems))
    return codebook


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _split(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(LIST_SEPARATOR) if part)


def _column(row: dict[str, str]) -> Column:
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
    )


def _contradictions(codebook: Codebook, columns: list[Column], rules: list[Rule]):
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
    for table in codebook.tables.values():
        if not table.key:
            yield f"table '{table.name}' has no key"
    for rule in rules:
        if rule.table not in codebook.tables:
            yield f"rule '{rule.name}' belongs to no table"
