from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ocr.errors import FetchError, ImageError
from ocr.input.sources import expand, open_source


@pytest.fixture
def scans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a folder of files."""
    names = (
        "p10.png p2.JPG Q1.tif b.pdf .hidden.png notes.txt p2.gt.txt below/p3.png below/x/p4.png"
    )
    for name in names.split():
        path = tmp_path / "scans" / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.touch()
    (tmp_path / "scans" / "folder.png").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path / "scans"


def names(sources: list[str]) -> list[str]:
    return [Path(source).name for source in sources]


@pytest.mark.usefixtures("scans")
def test_folder_stands_for_the_images_in_it_in_natural_order() -> None:
    assert names(expand(["scans"])) == ["b.pdf", "p2.JPG", "p10.png", "Q1.tif"]
    assert [str(Path(source).parent) for source in expand(["scans/"])] == ["scans"] * 4


@pytest.mark.usefixtures("scans")
def test_pattern_stands_for_the_files_that_it_matches() -> None:
    assert names(expand(["scans/p[0-9]*"])) == ["p2.gt.txt", "p2.JPG", "p10.png"]
    assert names(expand(["scans/**/*.png"])) == ["p3.png", "p4.png", "p10.png"]


def test_absolute_pattern_is_expanded(scans: Path) -> None:
    assert expand([str(scans / "*.pdf")]) == [str(scans / "b.pdf")]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
@pytest.mark.usefixtures("scans")
def test_file_that_is_named_like_a_pattern_comes_first() -> None:
    Path("scan[1].png").touch()
    Path("scan1.png").touch()
    assert expand(["scan[1].png"]) == ["scan[1].png"]


@pytest.mark.usefixtures("scans")
def test_names_keep_their_order_and_repetitions() -> None:
    given = ["-", "z.png", "https://example.org/?a=*", "a.png", "z.png"]
    assert expand(given) == given


@pytest.mark.usefixtures("scans")
def test_folders_and_patterns_without_images_are_errors() -> None:
    Path("empty").mkdir()
    with pytest.raises(ImageError, match="cannot read empty: there are no images in this folder"):
        expand(["scans", "empty"])
    with pytest.raises(ImageError, match=r"cannot read \*\.webp: it matches no file"):
        expand(["*.webp"])


@pytest.mark.usefixtures("scans")
def test_empty_name_is_not_the_current_folder() -> None:
    Path("a.png").touch()
    with pytest.raises(ImageError, match="^cannot read '': the name is empty"):
        expand([""])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows takes longer names")
def test_impossible_file_name_is_an_error() -> None:
    with pytest.raises(ImageError, match=r"^cannot read x+: .*name too long \(check the path\)$"):
        expand(["x" * 5000])


@pytest.mark.parametrize("address", ["https://example.org/a.png", "HTTP://example.org"])
def test_address_needs_the_option_that_allows_it(address: str) -> None:
    with pytest.raises(FetchError) as caught:
        open_source(address, allow_urls=False)
    assert str(caught.value) == (
        f"cannot read {address}: it is an address (give --allow-urls to fetch it)"
    )


def test_path_is_left_as_it_is() -> None:
    assert open_source("a.png", allow_urls=True) == "a.png"
