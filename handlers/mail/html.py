"""HTML mail to text: an iterative walk over Lexbor's tree that keeps what a reader sees and drops what is hidden.

Hidden text matters: an invisible "approve" must not count. Quotations (blockquote) become lines with `>`.
"""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode


def _names(elements: str) -> frozenset[str]:
    return frozenset(elements.split())


# Lexbor is quadratic in the depth of a tree and in the attributes of a tag, and rebuilds every open formatting element
# in every paragraph (HTML standard, "reconstruct the active formatting elements"): 55 kB of <p><b id=1><p><b id=2>...
# were 3.6 GB and 8 seconds. Hence the caps, and formatting elements are read as <span>, which is never rebuilt.
_MAX_CHARACTERS = 256 * 1024
_MAX_DEPTH = 1000
_FORMATTING = re.compile(r"(?i)<(/?)(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?=[\s/>])")
_EMBEDDED = re.compile(r"(?i)data:[^\"'\s>]{200,}")
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]{0,40})")
# Elements without an end, and those that a sibling ends: left open they do not make the tree deeper.
_SHALLOW = _names(
    "area base br col embed hr img input link meta source track wbr p li dd dt option tr td th tbody thead tfoot"
)
_DROPPED = _names("head script style title template noscript textarea select option iframe object svg math")
_BLOCKS = _names(
    "address article aside body center dd div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr "
    "html li main nav ol p pre section table tbody tfoot thead tr ul blockquote"
)
_SPACED = _names("p h1 h2 h3 h4 h5 h6 blockquote pre ul ol table")
_INVISIBLE = re.compile(
    r"(?:^|;)(?:display:none|visibility:(?:hidden|collapse)|mso-hide:all|opacity:0(?:\.0*)?(?![.\d])"
    r"|(?:font-size|max-height|max-width|line-height):0(?:\.0*)?(?![.\d])"
    r"|(?:text-indent|left|top|margin-left):-\d{3,})"
)


def to_text(html: str) -> tuple[str, str]:
    """The visible text of `html`, and what could not be read of it, as a sentence ("" where all was)."""
    html = _EMBEDDED.sub("", html)
    trouble = ""
    if len(html) > _MAX_CHARACTERS:
        html, trouble = html[:_MAX_CHARACTERS], "Its HTML is very long; the end of it was not read."
    html = _FORMATTING.sub(r"<\1span", html)
    if _depth(html) > _MAX_DEPTH:
        return "", "Its HTML is nested too deep to be read."
    tree = LexborHTMLParser(html)
    hidden_names = _hidden_by_style_sheet(tree)
    lines = _Lines()
    node = tree.root
    while node is not None:
        if node.is_text_node:
            lines.add(node.text_content or "")
        elif node.is_element_node and _visible(node, hidden_names):
            lines.enter(node)
            if node.first_child is not None:
                node = node.first_child
                continue
            lines.leave(node)
        while node is not None and node.next is None:
            node = node.parent
            if node is not None and node.is_element_node:
                lines.leave(node)
        node = node.next if node is not None else None
    return lines.text(), trouble


class _Lines:
    """Lines being written: white space folds as in a browser, blocks begin new lines, quotations carry `>`."""

    def __init__(self) -> None:
        self._done: list[str] = []
        self._line: list[str] = []
        self._quotes = 0
        self._pre = 0

    def add(self, text: str) -> None:
        text = text.replace("\xa0", " ").replace("\u200b", "").replace("\xad", "")
        if self._pre:
            first, *rest = text.replace("\r\n", "\n").split("\n")
            self._line.append(first)
            for line in rest:
                self._end(always=True)
                self._line.append(line)
            return
        folded = re.sub(r"[ \t\r\n\f]+", " ", text)
        if folded.startswith(" ") and (not self._line or self._line[-1].endswith(" ")):
            folded = folded[1:]
        if folded:
            self._line.append(folded)

    def enter(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag == "br":
            self._end(always=True)
        elif tag in _BLOCKS:
            self._end()
            if tag in _SPACED:
                self._blank()
        elif tag in ("td", "th") and self._line:
            self.add(" ")
        elif tag == "img" and (alt := node.attributes.get("alt")):
            self.add(alt[:200])
        if tag == "li":
            self._line.append("- ")
        self._quotes += tag == "blockquote"
        self._pre += tag == "pre"

    def leave(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag in _BLOCKS:
            self._end()
        self._quotes -= tag == "blockquote"
        self._pre -= tag == "pre"
        if tag in _SPACED:
            self._blank()

    def text(self) -> str:
        self._end()
        return "\n".join(self._done).strip("\n")

    def _end(self, always: bool = False) -> None:
        line = "".join(self._line).rstrip()
        self._line.clear()
        if line or always:
            self._done.append(("> " * min(self._quotes, 20) + line).rstrip() if self._quotes else line)

    def _blank(self) -> None:
        mark = ("> " * min(self._quotes, 20)).rstrip()
        if self._done and self._done[-1].strip("> "):
            self._done.append(mark)


def _visible(node: LexborNode, hidden_names: frozenset[str]) -> bool:
    tag = node.tag or ""
    if tag in _DROPPED:
        return False
    attributes = node.attributes
    if not attributes:
        return True
    if "hidden" in attributes or (tag == "input" and attributes.get("type") == "hidden"):
        return False
    if _INVISIBLE.search(_squeezed(attributes.get("style") or "")):
        return False
    if not hidden_names:
        return True
    names = {f".{name}" for name in (attributes.get("class") or "").split()[:20]} | {f"#{attributes.get('id') or ''}"}
    return not names & hidden_names


def _squeezed(style: str) -> str:
    return re.sub(r"\s+|/\*[^*]*\*/", "", style[:2000]).lower()


def _hidden_by_style_sheet(tree: LexborHTMLParser) -> frozenset[str]:
    """`.class` and `#id` that a style element hides everywhere; what an @media block hides, some screen shows."""
    hidden: set[str] = set()
    for element in tree.css("style"):
        open_blocks = 0
        selectors: list[str] = []
        for rest in (element.text() or "")[:100_000].split("{"):
            *ended, next_selectors = rest.split("}")
            if ended and open_blocks == 1 and _INVISIBLE.search(_squeezed(ended[0])):
                hidden.update(name for name in selectors if re.fullmatch(r"[.#][\w-]{1,80}", name))
            open_blocks = max(0, open_blocks - len(ended)) + 1
            selectors = [name.strip() for name in next_selectors.split(",")]
    return frozenset(hidden)


def _depth(html: str) -> int:
    """How deep the tree may become, at most: for each element name the most that are open at once, summed."""
    opened: dict[str, int] = {}
    most: dict[str, int] = {}
    for tag in _TAG.finditer(html):
        name = tag.group(2).lower()
        if name in _SHALLOW:
            continue
        count = opened[name] = max(0, opened.get(name, 0) + (-1 if tag.group(1) else 1))
        most[name] = max(most.get(name, 0), count)
    return sum(most.values())
