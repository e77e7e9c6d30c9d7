"""An HTML document in, all out for which a browser would ask another place, or run what is not the page's own."""

import base64
import hashlib
import re
from html.parser import HTMLParser

_CSS_REQUEST = re.compile(r"url\(\s*['\"]?(?!data:|#)|@import", re.IGNORECASE)
_REFUSED_TAGS = frozenset({"iframe", "object", "embed", "link", "base", "frame"})
_SOURCE_ATTRIBUTES = frozenset({"src", "srcset", "poster", "data", "background"})


def external_requests(html: str) -> list[str]:
    """Return what an HTML document would load from elsewhere, and scripts that its own policy does not name."""
    finder = _Finder()
    finder.feed(html)
    finder.close()
    return finder.found


def content_hash(content: str) -> str:
    """Return the hash by which a Content-Security-Policy names a style or a script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


class _Finder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._policy = ""
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        given = {name: (value or "").strip() for name, value in attrs}
        if tag == "meta" and given.get("http-equiv", "").lower() == "content-security-policy":
            self._policy = given.get("content", "")
        if tag in _REFUSED_TAGS:
            self.found.append(f"<{tag}>")
        for name, text in given.items():
            embedded = text.startswith(("data:", "#")) or not text
            referenced = name in _SOURCE_ATTRIBUTES or (tag in ("image", "use") and name.endswith("href"))
            if (referenced and not embedded) or (name == "style" and _CSS_REQUEST.search(text)):
                self.found.append(f'<{tag} {name}="{text[:60]}">')
            if name.startswith("on") or text.lower().startswith("javascript:"):
                self.found.append(f"<{tag} {name}=…>")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "style" and _CSS_REQUEST.search(data):
            self.found.append("<style> with url(…) or @import")
        if self._inside == "script" and f"'{content_hash(data)}'" not in self._policy:
            self.found.append("<script> that the page's policy does not name")
