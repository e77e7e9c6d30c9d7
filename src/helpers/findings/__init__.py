"""What the estimates say, in words: one grammar for Chinese and English, never stronger than the checks allow.

scales      the scale of an estimate, and its numbers as a reader meets them
model       `Finding`: one estimate with everything that may be said of it, and nothing that contradicts itself
sources     findings from rows of `models.associations`, graded claims and event studies
grammar     a finding, or several at once, in one sentence
"""

from helpers.findings.grammar import a_year_words, answer, effect_words, sentence, summary, support, unit
from helpers.findings.model import Finding
from helpers.findings.sources import of_claim, of_row, of_studies

__all__ = [
    "Finding", "a_year_words", "answer", "effect_words", "of_claim", "of_row", "of_studies", "sentence", "summary",
    "support", "unit",
]  # fmt: skip
