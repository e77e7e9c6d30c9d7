"""Regression tables for a paper: one `Result` or several side by side in, a frame, HTML, LaTeX or Word out.

HTML and LaTeX are written here, with everything escaped; Word by python-docx (MIT), since maketables and great-tables
bring fourteen packages and print no small-sample rule.
"""

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from helpers.errors import UsageError
from helpers.models.result import Result
from helpers.models.word import document, printable
from helpers.text import Lang, label, number, p_text, say

STARS = ((0.01, "***"), (0.05, "**"), (0.1, "*"))
# Rows of a term: coefficient, standard error, p value, interval.
LINES = 4
# A log link and no other part: exp(b) - 1 is the change of the mean.
LOG_LINK = ("poisson", "negbin")
_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "[": "{[}", "]": "{]}", "−": "$-$", "–": "--", "—": "---", "…": r"\ldots{}", "\xa0": "~",
    "·": r"$\cdot$", "×": r"$\times$", "÷": r"$\div$", "±": r"$\pm$", "≤": r"$\le$", "≥": r"$\ge$", "≈": r"$\approx$",
    "∞": r"$\infty$", "√": r"$\surd$", "✓": r"$\surd$", "✗": r"$\times$", "→": r"$\rightarrow$", "↓": r"$\downarrow$",
    "²": r"\textsuperscript{2}", "α": r"$\alpha$", "β": r"$\beta$", "δ": r"$\delta$", "Δ": r"$\Delta$", "ρ": r"$\rho$",
    "σ": r"$\sigma$", "τ": r"$\tau$",
}  # fmt: skip


@dataclass(frozen=True)
class RegressionTable:
    """Fits side by side, in words of one language.

    Attributes
    ----------
    frame : DataFrame of str, shape (rows, n fits)
        Indexed by row heading and line (coefficient, standard error, p value, interval; empty below); blank where a fit
        has no such term.
    n_coefficient_rows : int
        Rows of `frame` before those that describe the fits.
    notes : tuple of str
        What the lines are, small-sample rules, what to mind.
    caption : str
    lang : {"zh", "en"}
    """

    frame: pd.DataFrame
    n_coefficient_rows: int
    notes: tuple[str, ...]
    caption: str
    lang: Lang

    def to_html(self) -> str:
        """Return one `<table>` with headings for screen readers, its notes in the foot."""
        columns = list(self.frame.columns)
        head = "".join(f'<th scope="col">{_html(name)}</th>' for name in columns)
        notes = "".join(f"<p>{_html(note)}</p>" for note in self.notes)
        groups = (self.rows()[: self.n_coefficient_rows], self.rows()[self.n_coefficient_rows :])
        body = "\n".join(f"<tbody>\n{self._html_rows(rows)}\n</tbody>" for rows in groups if rows)
        return (
            f'<table class="regression" lang="{self.lang}">\n<caption>{_html(self.caption)}</caption>\n'
            f"<thead>\n<tr><td></td>{head}</tr>\n</thead>\n{body}\n"
            f'<tfoot>\n<tr><td colspan="{len(columns) + 1}">{notes}</td></tr>\n</tfoot>\n</table>\n'
        )

    def _html_rows(self, rows: list[tuple[str, int, list[str]]]) -> str:
        lines = []
        for heading, height, cells in rows:
            scope = f'scope="rowgroup" rowspan="{height}"' if height > 1 else 'scope="row"'
            first = f"<th {scope}>{_html(heading)}</th>" if height else ""
            lines.append(f"<tr>{first}{''.join(f'<td>{_html(cell)}</td>' for cell in cells)}</tr>")
        return "\n".join(lines)

    def to_latex(self) -> str:
        r"""Return a `table` environment; the document needs `\usepackage{booktabs}`, Chinese also ctex (XeLaTeX)."""
        lines = [
            r"\begin{table}[htbp]", r"\centering", rf"\caption{{{latex(self.caption)}}}",
            rf"\begin{{tabular}}{{l*{{{self.frame.shape[1]}}}{{c}}}}", r"\toprule",
            " & ".join(["", *map(latex, self.frame.columns)]) + r" \\", r"\midrule",
        ]  # fmt: skip
        for at, (heading, height, cells) in enumerate(self.rows()):
            if at == self.n_coefficient_rows and at:
                lines.append(r"\midrule")
            lines.append(" & ".join([latex(heading if height else ""), *map(latex, cells)]) + r" \\")
        notes = r" \par ".join(map(latex, self.notes))
        lines += [r"\bottomrule", r"\end{tabular}", r"\par\smallskip", r"\begin{minipage}{\linewidth}\footnotesize",
                  notes, r"\end{minipage}", r"\end{table}"]  # fmt: skip
        return "\n".join(lines) + "\n"

    def to_word(self) -> bytes:
        """Return a Word file (.docx) with the table; the same bytes for the same table.

        Raises
        ------
        UsageError
            If python-docx is not installed.
        """
        return document(self)

    def rows(self) -> list[tuple[str, int, list[str]]]:
        """Return heading, number of rows under it (0 for those after the first) and cells of each row."""
        cells = self.frame.to_numpy().tolist()
        within = [at % LINES if at < self.n_coefficient_rows else -1 for at in range(len(cells))]
        height = {-1: 1, 0: LINES}
        return [(str(heading), height.get(line, 0), row)
                for (heading, _), line, row in zip(self.frame.index, within, cells, strict=True)]  # fmt: skip


def _html(text: object) -> str:
    return html.escape(printable(text))


def latex(text: object) -> str:
    """Return a text as LaTeX that prints it, whatever signs are in it."""
    escaped = "".join(_LATEX.get(sign, sign) for sign in printable(text))
    # After the end of a row a star is an option of that end.
    return "{*}" + escaped[1:] if escaped.startswith("*") else escaped


def regression_table(
    results: Result | Sequence[Result] | Mapping[str, Result],
    *,
    lang: Lang = "en",
    caption: str | None = None,
    terms: Sequence[str] | None = None,
    wild_p: Sequence[float | None] | None = None,
    stars: bool = False,
    digits: int = 3,
) -> RegressionTable:
    """Set fits side by side with what a referee asks for.

    Parameters
    ----------
    results : Result, sequence or mapping
        One column each; headed (1), (2), ... or by the mapping's names.
    lang : {"zh", "en"}
    caption : str, optional
        Default: the outcomes.
    terms : sequence of str, optional
        Terms shown, in this order; default: all, exposures first.
    wild_p : sequence of float or None, optional
        p values of wild cluster bootstraps of each fit's exposure.
    stars : bool
        Mark p < 0.1, 0.05, 0.01.
    digits : int
        Decimals of coefficients; more where a standard error would have fewer than two figures.

    Returns
    -------
    RegressionTable
        For each term: coefficient, (standard error), [p value], interval. Below: effect of the exposure in per cent,
        exp(b) - 1, for a log link and, for Poisson, in units of the outcome a row (the mean fitted count times it);
        wild p; outcome, estimator; fixed effects; standard errors, clusters and their number; rows, units, rows left
        out, share of zeros and mean of the outcome.

    Raises
    ------
    UsageError
        If there is no fit, a term is in none, `wild_p` is of another length, or levels of intervals differ.
    """
    if isinstance(results, Result):
        results = [results]
    columns = dict(results) if isinstance(results, Mapping) else {f"({i})": one for i, one in enumerate(results, 1)}
    fits = list(columns.values())
    level, shown = _refuse(fits, wild_p, terms)
    rows: list[tuple[str, str, list[str]]] = []
    interval = say("export.interval", lang, level=f"{100 * level:g}")
    kinds = (*(say(f"export.{kind}", lang) for kind in ("coefficient", "std_error", "p_value")), interval)
    for term in shown:
        cells = [_term(fit, term, digits, stars, lang) for fit in fits]
        rows += [(_heading(term, lang), kind, [cell[i] for cell in cells]) for i, kind in enumerate(kinds)]
    n_coefficients = len(rows)
    rows += [(heading, "", cells) for heading, cells in _described(fits, wild_p, level, lang)]
    frame = pd.DataFrame([cells for *_, cells in rows], columns=list(columns), dtype="str")
    frame.index = pd.MultiIndex.from_tuples([(heading, kind) for heading, kind, _ in rows])
    outcomes = list(dict.fromkeys(label(fit.outcome, lang) for fit in fits))
    caption = caption or say("export.caption", lang, outcomes=say("text.comma", lang).join(outcomes))
    return RegressionTable(frame, n_coefficients, _notes(columns, interval, stars, lang), caption, lang)


def _refuse(fits: list[Result], wild_p, terms) -> tuple[float, list[str]]:
    if not fits:
        raise UsageError("a regression table needs at least one result")
    if wild_p is not None and len(wild_p) != len(fits):
        raise UsageError(f"{len(wild_p)} values of wild_p for {len(fits)} results")
    levels = sorted({round(_level(fit), 6) for fit in fits})
    if len(levels) > 1:
        raise UsageError(f"results have intervals of different levels: {', '.join(f'{level:g}' for level in levels)}")
    known = {}
    for rank in range(3):
        known |= {term: rank for fit in fits for term in fit.table["term"] if _rank(term, fit.exposure) == rank}
    lacking = [term for term in terms or () if term not in known]
    if lacking:
        raise UsageError(f"no result has the term {', '.join(lacking)}; they have {', '.join(known)}")
    return levels[0], list(known if terms is None else terms)


def _rank(term: str, exposure: str) -> int:
    """Return the place of a term in the table: exposures, then other terms, then what a model has besides them."""
    name = term.removeprefix("count: ").removeprefix("zero: ")
    return 0 if name == exposure else 2 if name in ("intercept", "ln_alpha") or _is_cut(name) else 1


def _is_cut(term: str) -> bool:
    return term.startswith("cut ") and "|" in term


def _level(fit: Result) -> float:
    row = fit.table.iloc[0]
    return float(2 * stats.t.cdf((row["conf_high"] - row["estimate"]) / row["std_error"], row["df"]) - 1)


def _heading(term: str, lang: Lang) -> str:
    if term in ("intercept", "ln_alpha"):
        return say(f"export.{term}", lang)
    if _is_cut(term):
        return say("export.cut", lang, between=term.removeprefix("cut "))
    for part in ("count", "zero"):
        if term.startswith(f"{part}: "):
            return say(f"export.{part}_part", lang, term=_heading(term.removeprefix(f"{part}: "), lang))
    return label(term, lang)


def _term(fit: Result, term: str, digits: int, stars: bool, lang: Lang) -> tuple[str, str, str, str]:
    rows = fit.table[fit.table["term"] == term]
    if rows.empty:
        return "", "", "", ""
    row = rows.iloc[0]
    decimals = max(digits, 1 - int(np.floor(np.log10(row["std_error"]))))
    form = f",.{decimals}f"
    mark = next((sign for below, sign in STARS if row["p_value"] < below), "") if stars else ""
    between = say("export.between", lang, low=number(row["conf_low"], form), high=number(row["conf_high"], form))
    return (number(row["estimate"], form) + mark, f"({number(row['std_error'], form)})",
            f"[{p_text(row['p_value'])}]", between)  # fmt: skip


def _described(fits: list[Result], wild_p, level: float, lang: Lang) -> Iterable[tuple[str, list[str]]]:
    none = "–"
    if any(fit.estimator in LOG_LINK for fit in fits):
        yield say("export.percent", lang), [_percent(fit, lang) for fit in fits]
    if any(fit.estimator == "poisson" for fit in fits):
        yield say("export.units_of_outcome", lang), [_in_units(fit) for fit in fits]
    if wild_p is not None:
        yield say("export.wild_p", lang), [none if p is None else p_text(p) for p in wild_p]
    yield say("export.outcome", lang), [label(fit.outcome, lang) for fit in fits]
    yield say("export.estimator", lang), [say(f"export.{fit.estimator}", lang) for fit in fits]
    for effect in dict.fromkeys(name for fit in fits for name in fit.fixed_effects):
        has = [say("export.absorbed" if effect in fit.fixed_effects else "export.not_absorbed", lang) for fit in fits]
        yield say("export.fixed_effect", lang, effect=label(effect, lang)), has
    yield say("export.vcov", lang), [fit.vcov if fit.vcov != "iid" else say("export.iid", lang) for fit in fits]
    yield say("export.cluster", lang), [label(fit.cluster, lang) if fit.cluster else none for fit in fits]
    yield say("export.n_clusters", lang), [f"{fit.n_clusters:,}" if fit.cluster else none for fit in fits]
    yield say("export.n_obs", lang), [f"{fit.n_obs:,}" for fit in fits]
    yield say("export.n_units", lang), [f"{fit.n_units:,}" if fit.n_units else none for fit in fits]
    yield say("export.n_dropped", lang), [f"{sum(fit.n_dropped.values()):,}" for fit in fits]
    yield say("export.zero_share", lang), [f"{100 * fit.outcome_zero_share:.1f} %" for fit in fits]
    yield say("export.outcome_mean", lang), [number(fit.outcome_mean, ",.3f") for fit in fits]


def _percent(fit: Result, lang: Lang) -> str:
    if fit.estimator not in LOG_LINK:
        return "–"
    row = fit.term(fit.exposure)
    value, low, high = (number(100 * float(np.expm1(row[name])), ",.1f") for name in
                        ("estimate", "conf_low", "conf_high"))  # fmt: skip
    return f"{value} ({say('export.between', lang, low=low, high=high)})"


def _in_units(fit: Result) -> str:
    if fit.estimator != "poisson":
        return "–"
    return number(fit.outcome_mean * float(np.expm1(fit.term(fit.exposure)["estimate"])), "+,.3f")


def _notes(columns: Mapping[str, Result], interval: str, stars: bool, lang: Lang) -> tuple[str, ...]:
    notes = [say("export.lines", lang, interval=interval)]
    if stars:
        notes.append(say("export.stars", lang))
    rules = _columns_of(((name, _rule(fit, lang)) for name, fit in columns.items()), lang)
    for rule, names in rules.items():
        notes.append(say("export.rule_of", lang, rule=rule, columns=names) if len(rules) > 1
                     else say("export.rule", lang, rule=rule))  # fmt: skip
    if any(fit.estimator in ("zip", "zinb") for fit in columns.values()):
        notes.append(say("export.zero_inflated", lang))
    if any(fit.estimator == "hurdle" for fit in columns.values()):
        notes.append(say("export.above_hurdle", lang))
    warnings = ((name, warning.text(lang)) for name, fit in columns.items() for warning in fit.warnings)
    for warning, names in _columns_of(warnings, lang).items():
        notes.append(say("export.mind", lang, columns=names, warning=warning))
    return tuple(notes)


def _columns_of(sentences: Iterable[tuple[str, str]], lang: Lang) -> dict[str, str]:
    """Return each sentence once, with the columns it is true of."""
    found: dict[str, list[str]] = {}
    for name, sentence in sentences:
        found.setdefault(sentence, []).append(name)
    return {sentence: say("text.comma", lang).join(names) for sentence, names in found.items()}


def _rule(fit: Result, lang: Lang) -> str:
    """Return the small-sample rule; a result words it in English only, so that Chinese has it by its kind."""
    if lang == "en":
        return fit.rule
    return say(f"export.rule_{fit.vcov}", lang, cluster=label(fit.cluster or "", lang), df=fit.n_clusters - 1)
