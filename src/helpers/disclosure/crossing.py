"""Members and inventors are never put together: who of them is both is nobody's to see.

The contract holds a number of inventors for each patent and no inventor; what could identify one is the patent's number
beside a person's id. A frame that holds both is refused, wherever it comes from.
"""

import pandas as pd

from helpers import codebook
from helpers.disclosure.rules import DisclosureError

PATENT_TABLES = ("patents", "patent_owners")
_INVENTOR = "inventor"
_PATENT = "application_no"


def refuse_cross(frame: pd.DataFrame) -> None:
    """Refuse a frame in which a person's id stands beside a patent or its inventors.

    Raises
    ------
    DisclosureError
        Naming the two columns.
    """
    names = [str(name) for name in (*frame.columns, *frame.index.names)]
    persons = [name for name in names if name.removesuffix("_x").removesuffix("_y") in person_columns()]
    filings = [name for name in names if _INVENTOR in name or name.removesuffix("_x").removesuffix("_y") == _PATENT]
    if persons and filings:
        raise DisclosureError(
            f"columns '{persons[0]}' and '{filings[0]}' in one table: a person is never joined with "
            "filings or inventors; count persons by firm first and join firms"
        )


def person_columns() -> frozenset[str]:
    """Return the codebook's columns that hold ids of persons."""
    tables = codebook.load().tables.values()
    return frozenset(column.name for table in tables for column in table.columns if column.type == "person_id")


def person_tables() -> frozenset[str]:
    """Return the codebook's tables that are about persons."""
    return frozenset(name for name, table in codebook.load().tables.items() if table.is_restricted)
