"""Mapping files: a person's word about sources whose headers are not the codebook's; YAML in, located sheets out."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from helpers import strict_yaml
from helpers.codebook import Codebook, Table
from helpers.codebook.model import fold
from helpers.errors import CodebookError, InputError
from helpers.ingest.header import HEADER_ROWS, Located, finish, letter
from helpers.ingest.sheets import RawSheet
from helpers.ingest.titles import is_forbidden, read_header
from helpers.params.explain import explain

_Text = Annotated[str, Field(min_length=1)]


class _Strict(BaseModel):
    # Not strict: all that a file holds is text, which the types below read.
    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnMapping(_Strict):
    """What one header stands for.

    Attributes
    ----------
    column : str
        Column of the codebook.
    unit : str, optional
        Unit of the cells (元, 千元, 万元, 百万元, 亿元, %), where the header does not state it.
    pad : int, optional
        Width of a code that lost its leading zeros.
    """

    column: _Text
    unit: _Text | None = None
    pad: int | None = Field(default=None, gt=0, le=64)

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, given: Any) -> Any:
        return {"column": given} if isinstance(given, str) else given


class SourceMapping(_Strict):
    """One sheet or file and the table that it holds.

    Attributes
    ----------
    file : str
        Path below the folder that is read.
    table : str
        Table of the codebook.
    columns : dict of str to ColumnMapping
        Header -> column; its name alone will do. A header that stands twice is told apart by its place: `城市#2` is
        the second one.
    sheet : str, optional
        Sheet of a workbook; its only sheet otherwise.
    encoding, delimiter : str, optional
        Of a text file; found out otherwise.
    header_row, last_row : int, optional
        1-based rows of the header (its last line) and of the last record.
    constants : dict
        Column -> text for every row.
    ignore : list of str
        Headers known to be of no use; all others that are not mapped are reported.
    """

    file: _Text
    table: _Text
    columns: dict[str, ColumnMapping]
    sheet: _Text | None = None
    encoding: _Text | None = None
    delimiter: _Text | None = None
    header_row: int | None = Field(default=None, gt=0)
    last_row: int | None = Field(default=None, gt=0)
    constants: dict[str, str] = {}
    ignore: tuple[str, ...] = ()


class Mapping(_Strict):
    """A mapping file: the sources to be read, and nothing else is."""

    sources: tuple[SourceMapping, ...] = Field(min_length=1)


def load(path: Path, codebook: Codebook) -> Mapping:
    """Read and check a mapping file.

    Raises
    ------
    InputError
        With every problem: not readable, a misspelt or missing entry, a table or column that the codebook has not.
    """
    try:
        document = strict_yaml.read(path)
        mapping = Mapping.model_validate(document.content)
    except (OSError, strict_yaml.YamlError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"mapping file {path.name}: cannot be read ({why})") from error
    except ValidationError as error:
        said = explain(error, Mapping, document.lines)
        raise InputError(f"mapping file {path.name}: {problem}" for problem in said) from error
    problems = [problem for source in mapping.sources for problem in _problems(source, codebook, path.name)]
    if problems:
        raise InputError(problems)
    return mapping


def locate_mapped(sheet: RawSheet, source: SourceMapping, codebook: Codebook, mapping_name: str) -> Located:
    """Find the mapped headers in a sheet.

    Raises
    ------
    InputError
        If a mapped header is not there, stands more than once, or is one that is never read.
    """
    table = codebook[source.table]
    row = _header_row(sheet, source)
    header = sheet.preview[row]
    places = {name: positions_of(header, name) for name in (*source.columns, *source.ignore)}
    problems = []
    absent = [name for name in source.columns if not places[name]]
    if absent:
        found = ", ".join(f"'{text}'" for text in header if text.strip()) or "nothing"
        problems.append(
            f"{len(absent)} of the {len(source.columns)} mapped headers are not there: "
            f"{', '.join(repr(name) for name in absent)}; row {row + sheet.first_row} holds {found}"
        )
    problems += [
        f"the header '{name}' stands {len(places[name])} times (columns {', '.join(map(letter, places[name]))}): "
        f"write '{name}#1' for the first of them"
        for name in source.columns
        if len(places[name]) > 1
    ]
    barred = [name for name in source.columns if is_forbidden(name, table)]
    if barred:
        problems.append(f"the headers {', '.join(barred)} are about persons and are never read: take them out")
    if problems:
        raise InputError(f"{sheet.place} (mapping file {mapping_name}): {problem}" for problem in problems)
    columns = {source.columns[name].column: places[name][0] for name in source.columns}
    stated = {
        source.columns[name].column: source.columns[name].unit or read_header(name).unit for name in source.columns
    }
    return finish(
        sheet,
        table,
        header,
        row,
        columns,
        units={name: unit for name, unit in stated.items() if unit},
        forbidden=tuple(at for at, text in enumerate(header) if text.strip() and is_forbidden(text, table)),
        ignored=frozenset(at for name in source.ignore for at in places[name]),
        pads={source.columns[name].column: pad for name in source.columns if (pad := source.columns[name].pad)},
        constants=dict(source.constants),
        last=None if source.last_row is None else source.last_row - sheet.first_row + 1,
    )


def positions_of(header: tuple[str, ...], name: str) -> list[int]:
    """Return the positions of a header: spelt exactly so, else apart from blanks and width; `name#2` is the second."""
    for same in (lambda text, wanted: text == wanted, lambda text, wanted: fold(text) == fold(wanted)):
        exact = [at for at, text in enumerate(header) if text.strip() and same(text, name)]
        if exact:
            return exact
        base, mark, number = name.rpartition("#")
        if mark and number.isdigit():
            places = [at for at, text in enumerate(header) if text.strip() and same(text, base)]
            if places:
                return places[int(number) - 1 : int(number)] if int(number) else []
    return []


def _problems(source: SourceMapping, codebook: Codebook, name: str) -> list[str]:
    where = f"mapping file {name}, {source.file}" + (f", sheet '{source.sheet}'" if source.sheet else "")
    try:
        table: Table = codebook[source.table]
    except CodebookError as error:
        return [f"{where}: {error}"]
    targets = [source.columns[header].column for header in source.columns] + list(source.constants)
    problems = [
        f"{where}: table '{table.name}' has no column '{target}'; it has {', '.join(table.column_names)}"
        for target in dict.fromkeys(targets)
        if target not in table.column_names
    ]
    problems += [
        f"{where}: the column '{target}' is mapped {targets.count(target)} times"
        for target in dict.fromkeys(targets)
        if targets.count(target) > 1
    ]
    lacking = [c.name for c in table.columns if (c.key == "PK" or c.required) and c.name not in targets]
    if lacking:
        problems.append(f"{where}: no header is mapped to {', '.join(lacking)}, which table '{table.name}' requires")
    return problems


def _header_row(sheet: RawSheet, source: SourceMapping) -> int:
    """Return the stated header row, or the first of those that hold the most mapped headers."""
    if source.header_row is not None:
        row = source.header_row - sheet.first_row
        if not 0 <= row < len(sheet.preview):
            raise InputError(
                f"{sheet.place}: the mapping file states header row {source.header_row}, which is not there"
            )
        return row
    rows = sheet.preview[:HEADER_ROWS]
    if not rows:
        raise InputError(f"{sheet.place}: the sheet is empty; expected the headers {', '.join(source.columns)}")
    return max(range(len(rows)), key=lambda row: sum(bool(positions_of(rows[row], name)) for name in source.columns))
