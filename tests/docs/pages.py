"""Owns reading the documentation: its pages, headings, links, code blocks, and the regions that the code writes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    ROOT / "README.md",
    ROOT / "ARCHITECTURE.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").rglob("*.md")),
)

_FENCE = re.compile(
    r"^(?P<ticks>`{3,})(?P<info>[^`\n]*)\n(?P<text>.*?)^(?P=ticks)[ \t]*$", re.MULTILINE | re.DOTALL
)
_CODE = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)(?:\s+\"[^\"]*\")?\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


@dataclass(frozen=True)
class Fence:
    """A code block: its language, the words after it, its text, and where it stands."""

    page: Path
    line: int
    language: str
    words: tuple[str, ...]
    text: str

    @property
    def place(self) -> str:
        """The place for complaints."""
        return f"{name_of(self.page)}:{self.line}"

    def word(self, name: str) -> str | None:
        """The value of `name=value` among the words."""
        found = [word.partition("=")[2] for word in self.words if word.startswith(f"{name}=")]
        return found[0] if found else None


def name_of(page: Path) -> str:
    """A page's path in the repository."""
    return page.relative_to(ROOT).as_posix()


def fences(page: Path) -> list[Fence]:
    """The code blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    found: list[Fence] = []
    for match in _FENCE.finditer(text):
        language, *words = match["info"].split() or [""]
        line = text.count("\n", 0, match.start()) + 1
        found.append(Fence(page, line, language, tuple(words), match["text"]))
    return found


def prose(page: Path) -> str:
    """A page without its code blocks and comments."""
    return _COMMENT.sub("", _FENCE.sub("", page.read_text(encoding="utf-8")))


def code_words(page: Path) -> Iterator[str]:
    """What stands between backticks in the prose of a page."""
    for match in _CODE.finditer(prose(page)):
        yield match[2].strip()


def links(page: Path) -> list[str]:
    """The targets of a page's links."""
    return _LINK.findall(_CODE.sub("", prose(page)))


def anchors(page: Path) -> set[str]:
    """The anchors that the headings of a page make, as GitHub names them."""
    made: set[str] = set()
    for heading in _HEADING.findall(prose(page)):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        slug = re.sub(r"[^\w\- ]", "", text.lower()).strip().replace(" ", "-")
        count = sum(1 for other in made if other == slug or re.fullmatch(re.escape(slug) + r"-\d+", other))
        made.add(f"{slug}-{count}" if count else slug)
    return made


def with_region(text: str, name: str, body: str) -> str:
    """A page's text with the region between `<!-- table: name -->` and the next `<!-- end -->` replaced."""
    begin = f"<!-- table: {name} -->\n"
    before, found, rest = text.partition(begin)
    assert found, f"there is no region {name}"
    _, end, after = rest.partition("<!-- end -->")
    assert end, f"the region {name} has no end"
    return f"{before}{begin}\n{body.strip()}\n\n{end}{after}"


def regions(text: str) -> list[str]:
    """The names of a page's regions."""
    return re.findall(r"<!-- table: ([\w -]+) -->", text)
