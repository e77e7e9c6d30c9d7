"""The codebook: tables, columns and rules from `data/codebook/`, the single source for reading, checking, documenting
and generating."""

from helpers.codebook.model import Codebook, Column, Rule, Table, load

__all__ = ["Codebook", "Column", "Rule", "Table", "load"]
