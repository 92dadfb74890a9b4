"""Page numbers of a file, written as "1,3-5,9-"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ocr.errors import ImageError


@dataclass(frozen=True)
class PageNumbers:
    """Pages of a file, counted from 1."""

    #: First and last page of each range; None stands for the last page of the file.
    ranges: tuple[tuple[int, int | None], ...]

    @classmethod
    def parse(cls, text: str) -> PageNumbers:
        """Parse "1,3-5,9-"; ValueError says what is wrong with it.

        >>> PageNumbers.parse("1,3-5,9-").ranges
        ((1, 1), (3, 5), (9, None))
        """
        return cls(tuple(_range(part.strip()) for part in text.split(",")))

    def __contains__(self, number: int) -> bool:
        return any(
            first <= number and (last is None or number <= last) for first, last in self.ranges
        )

    def between(self, first: int, last: int) -> PageNumbers:
        """Return the pages that are also in a range.

        >>> PageNumbers.parse("1,3-5,9-").between(4, 12).ranges
        ((4, 5), (9, 12))
        """
        cut = ((max(f, first), last if t is None else min(t, last)) for f, t in self.ranges)
        return PageNumbers(tuple((f, t) for f, t in cut if f <= t))

    def of(self, count: int) -> PageNumbers:
        """Return the pages that exist in a file; of a file with one page, that page.

        >>> PageNumbers.parse("2,9-,3-7").of(5).ranges
        ((2, 2), (3, 5))
        >>> PageNumbers.parse("2").of(1).ranges
        ((1, 1),)
        """
        if count == 1:
            return PageNumbers(((1, 1),))
        ranges = ((first, min(last or count, count)) for first, last in self.ranges)
        return PageNumbers(tuple((first, last) for first, last in ranges if first <= count))

    def missing(self, count: int) -> int | None:
        """Return the first page that a file with `count` pages lacks."""
        ends = (n for first, last in self.ranges for n in (first, last or first))
        return min((n for n in ends if n > count), default=None)

    def check(self, count: int, name: str) -> None:
        """Raise ImageError if the file `name`, with `count` pages, lacks one of them."""
        missing = self.missing(count)
        if missing:
            held = "1 page" if count == 1 else f"{count} pages"
            raise ImageError(
                f"cannot read {name}: there is no page {missing} (it has {held}; "
                "name others, or none to read all)"
            )


def _range(part: str) -> tuple[int, int | None]:
    found = re.fullmatch(r"([0-9]{1,9})(-([0-9]{1,9})?)?", part)
    if not found:
        raise ValueError(f"{part!r} is neither a page nor a range of pages (write 1,3-5,9-)")
    first = int(found[1])
    last = first if not found[2] else int(found[3]) if found[3] else None
    if first == 0:
        raise ValueError("the first page is 1, not 0")
    if last is not None and last < first:
        raise ValueError(f"{part} goes backwards (write {last}-{first})")
    return first, last
