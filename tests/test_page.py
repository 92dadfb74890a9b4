from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.page import Baseline, Box, Glyph, Line, Page, Word


def word(text: str, *, left: int = 0, confidence: float = 1.0) -> Word:
    """Each glyph 2 px wide and as high as its place in the word."""
    boxes = [Box(left + 2 * i, 0, left + 2 * i + 2, i + 1) for i in range(len(text))]
    return Word(tuple(Glyph(b, c, confidence) for b, c in zip(boxes, text, strict=True)))


boxes = st.builds(
    lambda x, y, w, h: Box(x, y, x + w, y + h), *[st.integers(0, 99)] * 2, *[st.integers(1, 99)] * 2
)


def test_a_box_is_half_open():
    box = Box(left=2, top=3, right=5, bottom=4)
    assert (box.width, box.height) == (3, 1)


def test_a_box_around_boxes_touches_the_outermost():
    assert Box.around([Box(4, 1, 6, 2), Box(0, 3, 5, 9)]) == Box(0, 1, 6, 9)


@given(st.lists(boxes, min_size=1))
def test_a_box_around_boxes_knows_no_order(some):
    assert Box.around(some) == Box.around(reversed(some)) == Box.around([Box.around(some), *some])


def test_text_joins_words_by_spaces_and_ends_lines():
    page = Page(99, 99, (Line((word("TO"), word("DO"))), Line((word("X"),))))
    assert page.text == "TO DO\nX\n"


def test_a_blank_page_has_no_text():
    assert Page(9, 9).text == ""


def test_words_and_lines_lie_around_their_glyphs():
    line = Line((word("ABC"), word("D", left=20)))
    assert line.words[0].box == Box(0, 0, 6, 3)
    assert line.box == Box(0, 0, 22, 3)


def test_confidence_of_a_line_weighs_glyphs_alike():
    line = Line((word("ABC", confidence=1.0), word("D", confidence=0.2)))
    assert line.words[1].confidence == pytest.approx(0.2)
    assert line.confidence == pytest.approx(0.8)


def test_values_are_frozen():
    with pytest.raises(AttributeError):
        Box(0, 0, 1, 1).left = 5


def test_unsure_letters_are_rejected_and_what_they_were_read_as_is_kept() -> None:
    glyphs = (Glyph(Box(0, 0, 1, 1), "A", 0.9), Glyph(Box(1, 0, 2, 1), "B", 0.4, (("8", 0.3),)))
    page = Page(9, 9, (Line((Word(glyphs),)),))
    assert page.rejecting(0) == page
    rejected = page.rejecting(0.5)
    assert rejected.text == "A\N{REPLACEMENT CHARACTER}\n"
    assert rejected.lines[0].words[0].glyphs[1].alternatives == (("B", 0.4), ("8", 0.3))


def test_rejecting_keeps_the_baseline() -> None:
    line = Line((word("AB"),), Baseline(2.0, 2.5, 2.0))
    assert Page(9, 9, (line,)).rejecting(0.5).lines[0].baseline == line.baseline


def test_reprs_are_one_short_line() -> None:
    line = Line((word("SHOPPING"), word("FOR"), word("FRIDAY")))
    assert repr(line) == "Line(3 words, 'SHOPPING FOR FRIDAY')"
    assert repr(line.words[0]) == "Word('SHOPPING')"
    assert (
        repr(Page(1200, 900, (line, line))) == "Page(1200x900, 2 lines, 'SHOPPING FOR FRIDAY...')"
    )
    assert repr(Page(9, 9)) == "Page(9x9, no lines)"
    long = Page(9, 9, (Line((word("A" * 99),)),))
    assert repr(long) == f"Page(9x9, 1 line, '{'A' * 40}...')"


def test_notebooks_show_the_text_colored_by_confidence() -> None:
    html = Page(9, 9, (Line((word("A<B"), word("&", confidence=0.1))),))._repr_html_()
    assert html == (
        '<pre><span style="color: #0f8c2d" title="100 %">A&lt;B</span> '
        '<span style="color: #cd1919" title="10 %">&amp;</span></pre>'
    )
    assert "without text" in Page(9, 9)._repr_html_()


def test_values_are_pickled_and_hashed() -> None:
    page = Page(9, 9, (Line((word("AB"),), Baseline(2.0, 2.5, 2.0)),), name="a.png")
    again = pickle.loads(pickle.dumps(page))
    assert (again, again.name, hash(again)) == (page, "a.png", hash(page))
