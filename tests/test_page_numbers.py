from __future__ import annotations

import pytest

from ocr.errors import ImageError
from ocr.input.page_numbers import PageNumbers


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("1", [1]),
        ("1,3-5,9-", [1, 3, 4, 5, 9, 10, 11, 12]),
        ("12,2 , 2-3", [2, 3, 12]),
        ("1-", list(range(1, 13))),
        ("4-4", [4]),
    ],
)
def test_pages_and_ranges_are_named_with_commas(text: str, named: list[int]) -> None:
    numbers = PageNumbers.parse(text)
    assert [n for n in range(13) if n in numbers] == named


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "'' is neither a page"),
        ("1,,2", "'' is neither a page"),
        ("-3", "'-3' is neither a page nor a range of pages (write 1,3-5,9-)"),
        ("two", "'two' is neither a page"),
        ("1-2-3", "'1-2-3' is neither a page"),
        ("0-3", "the first page is 1, not 0"),
        ("5-3", "5-3 goes backwards (write 3-5)"),
        ("9" * 5000, "is neither a page"),
    ],
)
def test_invalid_page_numbers_are_errors(text: str, reason: str) -> None:
    with pytest.raises(ValueError) as caught:
        PageNumbers.parse(text)
    assert reason in str(caught.value)


@pytest.mark.parametrize(("text", "missing"), [("2,5", 5), ("2-7,5", 5), ("9-", 9), ("3-6", 6)])
def test_first_missing_page_is_found(text: str, missing: int) -> None:
    with pytest.raises(ImageError) as caught:
        PageNumbers.parse(text).check(4, "a.pdf")
    assert str(caught.value).startswith(
        f"cannot read a.pdf: there is no page {missing} (it has 4 pages;"
    )


def test_pages_that_a_file_has_are_no_error() -> None:
    PageNumbers.parse("1,2-4,4-").check(4, "a.pdf")
