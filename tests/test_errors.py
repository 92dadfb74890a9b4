from __future__ import annotations

import pytest

from ocr import errors
from ocr.errors import MissingExtraError, OcrError

CHILDREN = OcrError.__subclasses__()


def test_each_error_has_an_exit_code_of_its_own():
    codes = [child.exit_code for child in CHILDREN]
    assert sorted(codes) == [3, 4, 5, 6, 7, 8, 9, 10]  # 2 is click's


@pytest.mark.parametrize("child", CHILDREN)
def test_the_tree_in_the_docstring_is_the_tree(child):
    assert f"{child.__name__}  " in errors.__doc__
    (line,) = [line for line in errors.__doc__.splitlines() if child.__name__ in line]
    assert line.split()[2] == str(child.exit_code)


def test_a_missing_extra_says_how_to_install_it():
    error = MissingExtraError("drawing curves", "plot")
    assert str(error) == "drawing curves needs an extra: pip install 'ocr[plot]'"
