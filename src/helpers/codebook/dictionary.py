"""The data dictionary as one self-contained HTML page: the codebook in, the page's text out."""

from collections.abc import Iterator
from html import escape
from itertools import groupby

from helpers import codebook
from helpers.codebook.model import Codebook, Column, Table
from helpers.codebook.words import (
    key_words,
    name_of,
    note_of,
    other_name_of,
    range_words,
    rule_words,
    type_words,
    unit_words,
)
from helpers.text import Lang, say

_STYLE = """
:root{--ink:#1d2733;--soft:#52606d;--line:#d5dce3;--paper:#fff;--back:#f4f6f8;--key:#1f4e79;--bad:#9c2a2a;--warn:#7a5200}
*{box-sizing:border-box}
html{scroll-behavior:smooth;scroll-padding-top:1rem}
body{margin:0;color:var(--ink);background:var(--back);line-height:1.55;
 font-family:"Noto Sans CJK SC","Source Han Sans SC","PingFang SC","Microsoft YaHei",system-ui,sans-serif}
a{color:var(--key)}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:1rem;background:var(--paper);padding:.5rem}
.page{display:grid;grid-template-columns:17rem minmax(0,1fr)}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:1.2rem;background:var(--paper);
 border-right:1px solid var(--line);font-size:.88rem}
nav h2{font-size:1rem;margin:0 0 .6rem}nav h3{font-size:.8rem;color:var(--soft);margin:1rem 0 .2rem}
nav ul{list-style:none;margin:0;padding:0}nav a{text-decoration:none;display:block;padding:.12rem 0}
nav a:hover,nav a:focus{text-decoration:underline}
main{padding:1.6rem 2rem 4rem;max-width:92rem}
h1{margin:.2rem 0 .4rem;font-size:1.9rem}.lead{color:var(--soft);max-width:60rem;margin:.2rem 0}
h2.study{margin:2.2rem 0 .6rem;font-size:1.35rem}
section{background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:1.1rem 1.3rem;margin:1.1rem 0}
section h3{margin:0;font-size:1.2rem}section h3 :is(small,code){font-weight:400;color:var(--soft);margin-left:.5rem}
.meta{color:var(--soft);font-size:.9rem;margin:.3rem 0}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem;margin-top:.6rem}
th,td{text-align:left;vertical-align:top;padding:.45rem .6rem;border-top:1px solid var(--line)}
thead th{border-top:0;border-bottom:2px solid var(--ink);white-space:nowrap}
tbody th{font-weight:600;min-width:9rem}
tbody th small{display:block;font-weight:400;color:var(--soft)}
tr.key>th{box-shadow:inset 3px 0 var(--key)}
code{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.85em;overflow-wrap:anywhere}
.chip{display:inline-block;border:1px solid var(--line);border-radius:4px;padding:0 .35rem;margin:0 .2rem .2rem 0;
 background:var(--back)}
.badge{display:inline-block;border-radius:4px;padding:0 .4rem;font-size:.8rem;color:#fff;background:var(--soft);
 margin-right:.25rem;white-space:nowrap}
.badge.pk{background:var(--key)}.badge.restricted,.badge.error{background:var(--bad)}
.badge.restricted_below_10,.badge.warning{background:var(--warn)}
details{font-size:.85rem;color:var(--soft)}summary{cursor:pointer}
.rules{margin:.8rem 0 0;padding:0;list-style:none;font-size:.9rem}.rules li{padding:.15rem 0}
.note{max-width:34rem}.others{color:var(--soft);font-size:.83rem}
@media(max-width:60rem){.page{display:block}nav{position:static;height:auto}main{padding:1rem}}
@media print{nav{display:none}.page{display:block}section{break-inside:avoid-page;border:0}body{background:#fff}}
"""


def render(lang: Lang, *, book: Codebook | None = None) -> str:
    """Return the data dictionary as an HTML page that needs no other file and no network.

    Parameters
    ----------
    lang : {"zh", "en"}
        Language of the page; both names of each table and column are always shown.
    book : Codebook, optional
        By default the project's own.

    Returns
    -------
    str
        The tables of the zone by force, the supplementary ones, then that of the listed-firms study; each with its
        columns (type, unit, key, reference, allowed values, limits, layer, definition, other headers) and its rules.
    """
    book = book or codebook.load()
    tables = book.tables.values()
    counts = {
        "tables": len(tables),
        "columns": sum(len(table.columns) for table in tables),
        "rules": sum(len(rule_words(table, lang)) for table in tables),
    }
    title = _say("dictionary_title", lang)
    return "\n".join(
        [
            "<!DOCTYPE html>",
            f'<html lang="{"zh-CN" if lang == "zh" else "en"}"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title><style>{_STYLE}</style></head><body>",
            f'<a class="skip" href="#main">{_say("dictionary_skip", lang)}</a><div class="page">',
            *_index(book, lang),
            f'<main id="main"><h1>{title}</h1>',
            f'<p class="lead">{_say("dictionary_lead", lang, **counts)}</p>',
            f'<p class="lead">{_say("dictionary_how", lang)}</p>',
            *(part for study in ("zone", "supplement", "listed") for part in _study(book, study, lang)),
            "</main></div></body></html>\n",
        ]
    )


def _say(key: str, lang: Lang, **values: object) -> str:
    return escape(say(f"codebook.{key}", lang, **values))


def _by_force(tables: tuple[Table, ...]) -> Iterator[tuple[str, list[Table]]]:
    forces = list(dict.fromkeys(("base", *(table.force for table in tables))))
    ordered = sorted(tables, key=lambda table: forces.index(table.force))
    for force, group in groupby(ordered, key=lambda table: table.force):
        yield force, list(group)


def _index(book: Codebook, lang: Lang) -> Iterator[str]:
    yield f'<nav id="index" aria-labelledby="index-title"><h2 id="index-title">{_say("dictionary_index", lang)}</h2>'
    for force, tables in _by_force(book.of_study("zone")):
        yield f"<h3>{_say(f'force_{force}', lang)}</h3><ul>"
        yield from (_entry(table, lang) for table in tables)
        yield "</ul>"
    for study in ("supplement", "listed"):
        yield f"<h3>{_say(f'study_{study}', lang)}</h3><ul>"
        yield from (_entry(table, lang) for table in book.of_study(study))
        yield "</ul>"
    yield "</nav>"


def _entry(table: Table, lang: Lang) -> str:
    return f'<li><a href="#{table.name}">{escape(name_of(table, lang))}</a></li>'


def _study(book: Codebook, study: str, lang: Lang) -> Iterator[str]:
    yield f'<h2 class="study">{_say(f"study_{study}", lang)}</h2>'
    if study == "supplement":
        yield f'<p class="lead">{_say("supplement_lead", lang)}</p>'
    for _, tables in _by_force(book.of_study(study)):
        for table in tables:
            yield from _table(table, lang)


def _table(table: Table, lang: Lang) -> Iterator[str]:
    yield f'<section id="{table.name}" aria-labelledby="{table.name}-title"><h3 id="{table.name}-title">'
    yield f"{escape(name_of(table, lang))}{_other_name(table, lang)} <code>{table.name}</code></h3>"
    if table.is_restricted:
        yield f'<p><span class="badge restricted">{_say("sensitivity_table", lang)}</span></p>'
    grain = table.grain_zh if lang == "zh" else table.grain_en
    yield f'<p class="meta">{_say("label_grain", lang)}: {escape(grain)}'
    if table.study != "listed":
        yield f" · {_say(f'force_{table.force}', lang)}"
    yield f"<br>{_say('label_titles', lang)}: {escape('; '.join(table.synonyms))}</p>"
    heads = ("head_column", "head_type", "head_key", "head_values", "head_note")
    yield '<div class="scroll" tabindex="0"><table><thead><tr>'
    yield "".join(f'<th scope="col">{_say(head, lang)}</th>' for head in heads)
    yield "</tr></thead><tbody>"
    yield from (_column(column, lang) for column in table.columns)
    yield "</tbody></table></div>"
    rules = rule_words(table, lang)
    if rules:
        yield f'<ul class="rules" aria-label="{_say("label_rules", lang)}">'
        for name, severity, sentence in rules:
            badge = f'<span class="badge {severity}">{_say(f"severity_{severity}", lang)}</span>'
            yield f"<li>{badge}{escape(sentence)} <code>{name}</code></li>"
        yield "</ul>"
    yield f'<p class="meta"><a href="#index">{_say("dictionary_top", lang)}</a></p></section>'


def _other_name(thing: Table | Column, lang: Lang) -> str:
    return f'<small lang="{"en" if lang == "zh" else "zh-CN"}">{escape(other_name_of(thing, lang))}</small>'


def _column(column: Column, lang: Lang) -> str:
    kind = ' class="key"' if column.key == "PK" else ""
    names = f"{escape(name_of(column, lang))}{_other_name(column, lang)}<small><code>{column.name}</code></small>"
    cells = (_type_cell(column, lang), _key_cell(column, lang), _values_cell(column, lang), _note_cell(column, lang))
    return f'<tr{kind}><th scope="row">{names}</th>' + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _type_cell(column: Column, lang: Lang) -> str:
    unit, limits = unit_words(column, lang), range_words(column, lang)
    lines = [escape(type_words(column, lang))]
    lines += [_say("label_unit", lang, unit=unit)] if unit else []
    lines += [escape(limits)] if limits else []
    if column.pattern:
        lines.append(f"<code>{_say('label_pattern', lang, pattern=column.pattern)}</code>")
    return "<br>".join(lines)


def _key_cell(column: Column, lang: Lang) -> str:
    parts = [
        f'<span class="badge{" pk" if column.key and place == 0 else ""}">{escape(word)}</span>'
        for place, word in enumerate(key_words(column, lang))
    ]
    if column.sensitivity != "open":
        words = _say(f"sensitivity_{column.sensitivity}", lang)
        parts.append(f'<span class="badge {column.sensitivity}">{words}</span>')
    if column.references:
        target = f'<a href="#{column.references.partition(".")[0]}"><code>{column.references}</code></a>'
        before, _, after = _say("label_refers", lang, target="\0").partition("\0")
        parts.append(f"<div>{before}{target}{after}</div>")
    return " ".join(parts) or _say("label_no_values", lang)


def _values_cell(column: Column, lang: Lang) -> str:
    if not column.allowed:
        return _say("label_no_values", lang)
    chips = "".join(f'<span class="chip">{escape(value)}</span>' for value in column.allowed)
    if not column.category_synonyms:
        return chips
    spellings = "<br>".join(
        f"{escape(found)} → {escape(allowed)}" for found, allowed in column.category_synonyms.items()
    )
    count = _say("label_spellings", lang, n=len(column.category_synonyms))
    return f"{chips}<details><summary>{count}</summary>{spellings}</details>"


def _note_cell(column: Column, lang: Lang) -> str:
    note = f'<div class="note">{escape(note_of(column, lang))}</div>' if note_of(column, lang) else ""
    if not column.synonyms:
        return note
    headers = "; ".join(column.synonyms)
    return f'{note}<div class="others">{_say("label_headers", lang, headers=headers)}</div>'
