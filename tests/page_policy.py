"""A finished page in, everything out in which its Content-Security-Policy is not strict, or not of this page."""

import base64
import hashlib
import re
from html import unescape

_META = re.compile(r"<meta\b[^>]*http-equiv\s*=\s*[\"']?content-security-policy[\"']?[^>]*>", re.IGNORECASE)
_CONTENT = re.compile(r"\bcontent\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_INLINE = re.compile(r"<(script|style)\b([^>]*)>(.*?)</\1\s*>", re.DOTALL | re.IGNORECASE)
_STYLE_ATTRIBUTE = re.compile(r"<[a-zA-Z][^<>]*\sstyle\s*=", re.IGNORECASE)
# What a page may send to, and where its relative addresses lead, does not fall back on default-src.
_REQUIRED = {"default-src": ["'none'"], "base-uri": ["'none'"], "form-action": ["'none'"]}
_REFUSED = ("'unsafe-inline'", "'unsafe-eval'", "'unsafe-hashes'", "'strict-dynamic'", "*", "http:", "https:", "blob:")
_OWN = re.compile(r"'none'|'sha(?:256|384|512)-[A-Za-z0-9+/]+={0,2}'|data:")
_DATA_ALLOWED = frozenset({"img-src", "font-src", "media-src"})


def policy_faults(html: str) -> list[str]:
    """Return what is wrong with a page's policy.

    Parameters
    ----------
    html : str
        A whole document.

    Returns
    -------
    list of str
        Empty where the page has one policy, before anything that it could restrict; which allows nothing by default, no
        base address and no form; sources that are no more than hashes, or `data:` for pictures and fonts; and the hash
        of every inline script and style, and no other.
    """
    metas = list(_META.finditer(html))
    if len(metas) != 1:
        return [f"{len(metas)} policies, expected one"]
    content = _CONTENT.search(metas[0][0])
    policy = _directives(unescape((content[1] or content[2] or "") if content else ""))
    faults = [
        f"{name} {' '.join(policy.get(name, ['is missing']))}, expected {' '.join(wanted)}"
        for name, wanted in _REQUIRED.items()
        if policy.get(name) != wanted
    ]
    for name, sources in policy.items():
        foreign = [one for one in sources if not _OWN.fullmatch(one) or one in _REFUSED]
        foreign += ["data:"] if "data:" in sources and name not in _DATA_ALLOWED else []
        faults += [f"{name} allows {', '.join(foreign)}"] if foreign else []
    first = _INLINE.search(html)
    if first and first.start() < metas[0].start():
        faults.append(f"a <{first[1].lower()}> stands before the policy and is not under it")
    return faults + [fault for kind in ("script", "style") for fault in _hashes(html, kind, policy)]


def _hashes(html: str, kind: str, policy: dict[str, list[str]]) -> list[str]:
    """Compare the hashes that a policy names with those of the page's own scripts or styles."""
    allowed = {one for one in policy.get(f"{kind}-src", []) if one.startswith("'sha")}
    elements = [found for found in _INLINE.finditer(html) if found[1].lower() == kind and not _is_data(found[2])]
    held = {f"'sha256-{base64.b64encode(hashlib.sha256(one[3].encode()).digest()).decode()}'" for one in elements}
    faults = []
    if unnamed := held - allowed:
        faults.append(f"{len(unnamed)} <{kind}> whose hash {kind}-src does not name")
    if unused := allowed - held:
        faults.append(f"{kind}-src names {len(unused)} hash(es) of no <{kind}> of the page")
    if kind == "script" and any(re.search(r"\bsrc\s*=", one[2]) for one in elements):
        faults.append("a <script> with an address of its own")
    if kind == "style" and _STYLE_ATTRIBUTE.search(_INLINE.sub("", html)):
        faults.append("a style attribute, which the policy makes void")
    return faults


def _is_data(attributes: str) -> bool:
    """Tell a block of data, such as JSON, which no browser runs."""
    kind = re.search(r"\btype\s*=\s*[\"']?([\w/+.-]+)", attributes)
    return bool(kind) and kind[1].lower() not in ("module", "text/javascript", "application/javascript", "importmap")


def _directives(policy: str) -> dict[str, list[str]]:
    """Return directive -> sources; of one named twice browsers take the first."""
    found: dict[str, list[str]] = {}
    for part in policy.split(";"):
        if words := part.split():
            found.setdefault(words[0].lower(), words[1:])
    return found
