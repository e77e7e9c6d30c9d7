"""What reading a folder of files found, as plain text for the terminal: one table by table, one by rule."""

from collections.abc import Sequence

import pandas as pd

# These lose a value or a row; a repaired or flagged value is still there.
ERRORS = ("nulled", "set_aside")


def summary(counts: pd.DataFrame, ledger: pd.DataFrame) -> str:
    """Return the counts of every table and the findings by rule, the costliest first."""
    parts = [_aligned(list(counts.columns), counts.astype("str").to_numpy().tolist())]
    if len(ledger):
        rules = ledger.groupby(["action", "rule", "table"], observed=True).size().rename("findings").reset_index()
        rank = {action: place for place, action in enumerate((*ERRORS[::-1], "flagged", "repaired", "reported"))}
        rules = rules.assign(rank=rules["action"].map(rank)).sort_values(
            ["rank", "findings", "rule", "table"], ascending=[True, False, True, True]
        )
        columns = ["action", "rule", "table", "findings"]
        parts.append(_aligned(columns, rules[columns].astype("str").to_numpy().tolist()))
    return "\n\n".join(parts)


def errors(ledger: pd.DataFrame) -> int:
    """Return how many findings cost a value or a row."""
    return int(ledger["action"].isin(ERRORS).sum()) if len(ledger) else 0


def _aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[place]) for row in [head, *rows]) for place in range(len(head))]
    is_number = [all(row[place].isdigit() for row in rows) for place in range(len(head))]
    lines = [
        "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(row, widths, is_number, strict=True)
        ).rstrip()
        for row in [head, ["-" * width for width in widths], *rows]
    ]
    return "\n".join(lines)
