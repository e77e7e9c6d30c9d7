"""What reading a folder of files found, as plain text for the terminal: by table, by rule with the rows, what to do."""

from collections.abc import Sequence
from unicodedata import east_asian_width

import pandas as pd

from helpers.codebook import Codebook
from helpers.codebook.words import rule_words

# These lose a value or a row; a repaired or flagged value is still there.
ERRORS = ("nulled", "set_aside")
_RANK = {action: place for place, action in enumerate((*ERRORS[::-1], "flagged", "repaired", "reported"))}
UNREAD = "unmapped_column"
_ROWS_SHOWN = 3
_VALUE_SHOWN = 40
_TO_DO = {
    "ambiguous_date": "write dates with four digits of the year first, such as 2023-07-10",
    "bad_check_digit": "compare the code with the register: a digit is wrong or the code was never valid",
    "code_format": "compare the code with its source: it does not have the form of such codes",
    "date_after_extract": "correct the date, or the day of the extract (--extract-on)",
    "duplicate_key": "one key stands for several records: give each its own, or delete the wrong ones",
    "duplicate_row": "the same row stands several times: delete the copies",
    "excel_error": "mend the formula that gives this error and save its value",
    "missing_required": "fill the cell: without it the row cannot be used",
    "out_of_range": "correct the value or its unit; the codebook states the range (wuli codebook)",
    "scientific_notation": "the spreadsheet has destroyed the code: export it again with the column formatted as text",
    "unknown_category": "use an allowed value (drop-down lists of the template), or add it to category_synonyms.csv",
    "unknown_reference": "correct the code, or supply the record that it names",
    UNREAD: "the column and its values (so many cells) are not read: give it its header in the template, or delete it",
    "unparseable": "write the value as the column's type says (wuli codebook)",
}


def summary(counts: pd.DataFrame, ledger: pd.DataFrame, codebook: Codebook) -> str:
    """Return the counts of every table, the findings by rule and file with the first rows, and what to do about them.

    Parameters
    ----------
    counts, ledger : DataFrame
        Of `ingest.Ingested`.
    codebook : Codebook
        Says which columns are about persons, whose values are not shown, and what a rule across columns asks.

    Returns
    -------
    str
        The costliest findings first.
    """
    parts = [_aligned(list(counts.columns), counts.astype("str").to_numpy().tolist())]
    if len(ledger):
        groups = ledger.groupby(["action", "rule", "table", "file"], observed=True)
        rows = [(*names, str(len(found)), *_example(found, codebook)) for names, found in groups]
        rows.sort(key=lambda row: (_RANK[row[0]], -int(row[4]), *row[1:4]))
        head = ["action", "rule", "table", "file", "findings", "where", "first found"]
        parts.append(_aligned(head, rows))
        is_told = ledger["action"].isin(["repaired", "reported"]) & (ledger["rule"] != UNREAD)
        to_do = _to_do(ledger[~is_told], codebook)
        parts += [_aligned(["rule", "what to do"], to_do)] if to_do else []
    return "\n\n".join(parts)


def not_delivered(counts: pd.DataFrame, codebook: Codebook) -> str:
    """Return a line about the tables of a study that no file holds, supplements apart; empty if all are there."""
    delivered = set(counts["table"])
    wanted = [table.name for table in codebook.of_study(*{codebook[name].delivered_with for name in delivered})]
    absent = [name for name in wanted if name not in delivered]
    return f"{len(absent)} of {len(wanted)} tables not delivered: {', '.join(absent)}" if absent else ""


def errors(ledger: pd.DataFrame) -> tuple[int, int]:
    """Return how many findings cost a value or a row, and in how many rows they are."""
    if not len(ledger):
        return 0, 0
    lost = ledger[ledger["action"].isin(ERRORS)]
    return len(lost), len(lost.dropna(subset="row")[["file", "sheet", "row"]].drop_duplicates())


def unread(ledger: pd.DataFrame) -> list[str]:
    """Return a line for every column with values that was not read, because no header of the codebook is its own."""
    rows = ledger[ledger["rule"] == UNREAD] if len(ledger) else ledger
    return [
        f"{row.file}{f', {row.sheet}' if row.sheet else ''}: column '{row.column}' is not read: {int(row.value):,} "
        f"cells with a value{f'; did you mean {row.result}?' if row.result else ''}"
        for row in rows.itertuples()
    ]


def _example(found: pd.DataFrame, codebook: Codebook) -> tuple[str, str]:
    """Return where a finding stands, as the spreadsheet counts rows, and its first value."""
    first = found.iloc[0]
    rows = found["row"].dropna().drop_duplicates()
    shown = ", ".join(str(row) for row in rows.head(_ROWS_SHOWN))
    more = f" and {len(rows) - _ROWS_SHOWN:,} more" if len(rows) > _ROWS_SHOWN else ""
    sheet = f"{first['sheet']}: " if first["sheet"] else ""
    where = f"{sheet}row{'s' if len(rows) > 1 else ''} {shown}{more}" if len(rows) else ""
    table = codebook.tables.get(first["table"])
    hidden = {column.name for column in table.columns if column.sensitivity != "open"} if table else set()
    is_hidden = hidden & set(first["column"].split(";"))
    value = "(not shown)" if is_hidden else repr(first["value"][:_VALUE_SHOWN])
    return where, f"{first['column']} {value}".strip() if first["column"] or first["value"] else ""


def _to_do(ledger: pd.DataFrame, codebook: Codebook) -> list[tuple[str, str]]:
    """Return each rule once with what to do about it: an advice, or what the codebook asks of the columns."""
    advice = {}
    for rule, table in ledger[["rule", "table"]].drop_duplicates().sort_values(["rule", "table"]).to_numpy().tolist():
        stated = {f"rule:{name}": words for name, _, words in rule_words(codebook[table], "en")} if table else {}
        if words := _TO_DO.get(rule) or stated.get(rule):
            advice.setdefault(rule, words)
    return list(advice.items())


def _aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(_width(row[place]) for row in [head, *rows]) for place in range(len(head))]
    is_number = [all(row[place].isdigit() for row in rows) for place in range(len(head))]
    lines = [
        "  ".join(
            " " * (width - _width(cell)) + cell if number else cell + " " * (width - _width(cell))
            for cell, width, number in zip(row, widths, is_number, strict=True)
        ).rstrip()
        for row in [head, ["-" * width for width in widths], *rows]
    ]
    return "\n".join(lines)


def _width(text: str) -> int:
    """Return the columns a text takes on a terminal, where a Chinese character takes two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
