from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from ocr.cli import commands
from ocr.data.datasets import load
from ocr.data.readers import public_sets
from ocr.data.samples import Samples
from ocr.data.writers import save
from ocr.errors import DataError, FetchError, OutputError
from tests.file_server import FileServer, serving
from tests.remote_sets import known, pair
from tests.test_imports import loaded_by

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run ocr data in an empty folder, with an empty cache."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OCR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    def invoke(*args: object) -> Result:
        return CliRunner().invoke(commands.main, ["data", *map(str, args)])

    return invoke


@pytest.fixture
def source(run: Run) -> str:
    """An archive of 20 A, 10 a and 10 β, no two alike."""
    crops = np.random.default_rng(0).integers(0, 256, (40, 32, 32), np.uint8)
    characters = np.array(list("A" * 20 + "aβ" * 10))
    save(Samples(crops, characters, np.full(40, "")), Path("letters.npz"))
    return "letters.npz"


def words_of_lines(result: Result) -> list[list[str]]:
    """Words of each line of output."""
    assert result.exit_code == 0, result.stderr
    return [line.split() for line in result.stdout.splitlines()]


# list, count, sheet


def test_list_reports_crops_and_classes(run: Run, source: str) -> None:
    assert words_of_lines(run("list", source))[1] == [source, "-", "40", "3:", "Aaβ"]
    assert words_of_lines(run("list", source, "-a", "A"))[1] == [source, "-", "20", "1:", "A"]


def test_list_reports_the_parts(run: Run, source: str) -> None:
    run("split", source, "-o", "parts")
    lines = words_of_lines(run("list", "parts", "parts@test"))[1:]
    assert [line[:3] for line in lines] == [
        ["parts", "train", "32"],
        ["parts", "valid", "4"],
        ["parts", "test", "4"],
        ["parts", "test", "4"],
    ]


def test_a_bad_source_does_not_hide_the_others(run: Run, source: str) -> None:
    result = run("list", "missing.npz", source)
    assert result.exit_code == DataError.exit_code
    assert "missing.npz" in result.stderr
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["SOURCE", source]
    assert run("list", "missing.npz").stdout == ""


def test_list_of_nothing_reports_what_can_be_fetched(run: Run) -> None:
    emnist, mnist = words_of_lines(run("list"))[1:]
    assert (emnist[:3], mnist[:3]) == (["emnist", "562", "MB"], ["mnist", "12", "MB"])
    assert "NIST" in " ".join(emnist)
    assert "CC BY-SA 3.0" in " ".join(mnist)
    Path("cache/mnist").mkdir(parents=True)
    assert words_of_lines(run("list"))[2][:2] == ["mnist", "fetched"]


def test_count_draws_bars(run: Run, source: str) -> None:
    assert words_of_lines(run("count", source)) == [
        ["A", "20", "█" * 40],
        ["a", "10", "█" * 20],
        ["β", "10", "█" * 20],
    ]


def test_count_reports_the_smallest_and_the_largest_class(run: Run, source: str) -> None:
    assert run("count", source).stderr == "40 crops of 3 classes, from 10 of a to 20 of A\n"
    assert run("count", source, "-a", "aβ").stderr == "20 crops of 2 classes, 10 of each\n"


def test_count_in_json_is_an_object(run: Run, source: str) -> None:
    result = run("count", source, "--json")
    assert json.loads(result.stdout) == {"A": 20, "a": 10, "β": 10}


def test_fonts_are_counted_for_an_alphabet_only(run: Run) -> None:
    result = run("count", "fonts")
    assert result.exit_code == DataError.exit_code
    assert "choose them by --alphabet" in result.stderr


def test_sheet_is_a_picture_of_a_row_for_each_class(run: Run, source: str) -> None:
    assert run("sheet", source, "--columns", 3).stderr == "3 classes in sheet.png\n"
    with Image.open("sheet.png") as picture:
        three = picture.size
    assert run("sheet", source, "--columns", 5, "-a", "A", "-o", "a.png").exit_code == 0
    with Image.open("a.png") as picture:
        one = picture.size
    assert (one[0] - three[0], three[1] - one[1]) == (2 * 34, 2 * 34)
    assert run("sheet", source, "-o", source).exit_code == 2
    assert run("sheet", source, "--columns", 10**9).exit_code == 2


# convert, split, dedupe


@pytest.mark.parametrize("name", ["letters", "b-images-idx3-ubyte.gz", "b.npz"])
def test_convert_keeps_every_crop(run: Run, source: str, name: str) -> None:
    result = run("convert", source, "-o", name)
    assert (result.exit_code, result.stderr) == (0, f"40 crops in {name}\n")
    before, after = load(source, alphabet="β"), load(name, alphabet="β")
    assert np.array_equal(before.crops, after.crops)


def test_small_and_capital_letters_have_folders_of_their_own(run: Run, source: str) -> None:
    run("convert", source, "-o", "letters")
    assert sorted(p.name for p in Path("letters").iterdir()) == ["U+03B2", "lower_a", "upper_a"]


def test_sheet_overwrites_no_photograph(run: Run, source: str) -> None:
    Path("photo.png").write_bytes(b"all that is left")
    assert run("sheet", source, "-o", "photo.png").exit_code == OutputError.exit_code
    assert Path("photo.png").read_bytes() == b"all that is left"


@pytest.mark.parametrize("command", ["convert", "split", "dedupe"])
def test_nothing_is_overwritten(run: Run, source: str, command: str) -> None:
    before = Path(source).read_bytes()
    result = run(command, source, "-o", source)
    assert (result.exit_code, Path(source).read_bytes()) == (OutputError.exit_code, before)
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["convert", "dedupe"])
def test_unknown_ending_is_reported_before_anything_is_read(run: Run, command: str) -> None:
    result = run(command, "missing.npz", "-o", "a.csv")
    assert result.exit_code == 2
    assert "a.csv is of no known type" in result.stderr


def test_split_by_class_makes_balanced_parts(run: Run, source: str) -> None:
    result = run("split", source, "--per-class", "6,3,1", "-o", "parts")
    assert result.stderr == "18 train, 9 valid, 3 test in parts\n"
    assert json.loads(run("count", "parts@valid", "--json").stdout) == {"A": 3, "a": 3, "β": 3}


def test_split_by_shares_and_by_class_exclude_each_other(run: Run, source: str) -> None:
    result = run("split", source, "--per-class", "6,3,1", "--shares", "8,1,1", "-o", "parts")
    assert result.exit_code == 2
    assert "--shares and --per-class cannot be used together" in result.stderr


def test_split_follows_the_seed(run: Run, source: str) -> None:
    for seed, name in [(0, "a"), (0, "b"), (1, "c")]:
        assert run("split", source, "--seed", seed, "-o", name).exit_code == 0
    first, again, other = (Path(name, "test.npz").read_bytes() for name in "abc")
    assert first == again != other


@pytest.mark.parametrize(
    "shares", ["80,20", "80,10,-5", "a,b,c", "0,50,50", "1,1,", f"{10**20},1,1"]
)
def test_shares_must_be_three_numbers(run: Run, source: str, shares: str) -> None:
    result = run("split", source, "--shares", shares, "-o", "parts")
    assert result.exit_code == 2
    assert "three whole numbers" in result.stderr


def test_what_may_be_a_small_letter_is_kept_by_an_alphabet_of_capitals(
    run: Run, source: str
) -> None:
    samples = load(source, alphabet=None)
    samples.either[:5] = "a"
    save(samples, Path("either.npz"))
    assert run("convert", "either.npz", "-a", "A", "-o", "capitals.npz").exit_code == 0
    capitals = load("capitals.npz", alphabet=None)
    assert set(capitals.characters) == {"A"}
    assert capitals.either.tolist() == samples.either[:20].tolist()


@pytest.mark.parametrize(
    ("alphabet", "hint"),
    [("uper", "there is no alphabet 'uper': 'upper' is the nearest"), (" ", "no characters")],
)
def test_alphabet_that_is_none_is_a_wrong_command_line(
    run: Run, source: str, alphabet: str, hint: str
) -> None:
    for command in (["list"], ["count"], ["convert", "-o", "copy.npz"]):
        result = run(*command, source, "-a", alphabet)
        assert result.exit_code == 2
        assert hint in result.stderr


def test_alphabet_that_a_source_lacks_is_reported(run: Run, source: str) -> None:
    result = run("count", source, "-a", "B")
    assert result.exit_code == DataError.exit_code
    assert "shows none of the characters B (" in result.stderr


def test_dedupe_leaves_out_copies_and_reports_conflicts(run: Run, source: str) -> None:
    samples = load(source, alphabet=None)
    twice = Samples.concatenate([samples, samples.take(np.arange(20))])
    twice.characters[59] = "B"  # crop 20 is an A
    save(twice, Path("twice.npz"))
    result = run("dedupe", "twice.npz", "-o", "once.npz")
    assert result.stdout == "crop 20 is A, crop 60 is B\n"
    assert result.stderr.startswith("19 exact and 0 near copies left out, 1 pairs of different")
    assert len(load("once.npz", alphabet=None)) == 41


# fetch


@pytest.fixture
def small_mnist(run: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """Four small files in place of MNIST's, on a server."""
    files = {}
    for stem, count in (("train", 12), ("t10k", 6)):
        images, labels = pair(count, 1)
        files |= {f"{stem}-images-idx3-ubyte.gz": images, f"{stem}-labels-idx1-ubyte.gz": labels}
    small = tuple(known(name, body) for name, body in files.items())
    monkeypatch.setitem(public_sets.SETS, "mnist", replace(public_sets.SETS["mnist"], files=small))
    with serving(**files) as server:
        yield server


def test_fetched_set_is_a_source_by_name(run: Run, small_mnist: FileServer) -> None:
    result = run("count", "mnist")
    assert result.exit_code == DataError.exit_code
    assert "ocr data fetch mnist" in result.stderr
    result = run("fetch", "mnist", "--url", small_mnist.url)
    assert result.exit_code == 0, result.stderr
    assert "ocr train --data mnist" in result.stderr
    assert words_of_lines(run("list", "mnist"))[1:] == [
        ["mnist", "train", "12", "1:", "1"],
        ["mnist", "test", "6", "1:", "1"],
    ]


def test_training_on_a_set_that_is_not_fetched_reports_how_to(run: Run) -> None:
    options = ["train", "--backend", "numpy", "--data", "mnist@train", "--alphabet", "digits"]
    result = CliRunner().invoke(commands.main, options)
    assert result.exit_code == DataError.exit_code
    assert result.stderr == (
        "reading data ...\nocr: error: mnist is not fetched yet "
        "(12 MB: ocr data fetch mnist; or give other data by --data)\n"
    )


def test_forged_set_is_refused_in_one_line(run: Run, small_mnist: FileServer) -> None:
    name = "t10k-labels-idx1-ubyte.gz"
    small_mnist.files[name] = small_mnist.files[name][:-1] + b"?"
    result = run("fetch", "mnist", "--url", small_mnist.url)
    assert result.exit_code == FetchError.exit_code
    assert "SHA-256" in result.stderr
    assert result.stderr.count("\n") == 1


def test_cut_set_goes_on_with_the_next_call(run: Run, small_mnist: FileServer) -> None:
    small_mnist.cut_at = 20
    result = run("fetch", "mnist", "--url", small_mnist.url)
    assert result.exit_code == FetchError.exit_code
    assert "cut short at 20 of" in result.stderr
    small_mnist.cut_at = None
    assert run("fetch", "mnist", "--url", small_mnist.url).exit_code == 0
    assert "bytes=20-" in small_mnist.asked


def test_no_network_is_one_line_and_a_code_of_its_own(run: Run) -> None:
    with serving() as stopped:
        pass
    result = run("fetch", "emnist", "--url", stopped.url)
    assert (result.exit_code, result.stderr.count("\n")) == (8, 1)
    assert "is there a network" in result.stderr
    assert not list(Path("cache").iterdir())  # nothing has come, nothing is left behind


@pytest.mark.parametrize("url", ["http://[", "http://a..b/", "{}/ä", "{}/a b", "ftp://a"])
def test_address_that_is_none_is_one_line(run: Run, url: str) -> None:
    with serving() as server:
        result = run("fetch", "mnist", "--url", url.format(server.url))
    assert (result.exit_code, result.stderr.count("\n")) == (FetchError.exit_code, 1)
    assert "no address" in result.stderr


def test_set_that_nobody_knows_is_refused(run: Run) -> None:
    assert run("fetch", "kmnist").exit_code == 2


def test_data_loads_nothing_heavy() -> None:
    code = "from ocr.cli.commands import main; main(['data', '--help'], standalone_mode=False)"
    assert loaded_by(code) == set()
