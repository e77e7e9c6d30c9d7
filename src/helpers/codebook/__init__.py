"""Tables, columns and rules from `data/codebook/`: the single source for reading, checking and generating."""

from helpers.codebook.model import Codebook, Column, Rule, Table, load

__all__ = ["Codebook", "Column", "Rule", "Table", "load"]
