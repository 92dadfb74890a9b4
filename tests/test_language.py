from __future__ import annotations

import math

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ocr.cli.commands import main
from ocr.decode.language import ORDER, STEP, SURPRISE, SYMBOLS, Ngrams, fold, language_model
from ocr.errors import DataError, ModelError, OutputError
from ocr.training.ngrams import build

LINES = ["the cat sat on the mat", "the hat", "room 217"] * 5


@pytest.fixture(scope="module")
def model() -> Ngrams:
    return build(LINES)


@given(st.text())
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)
    assert set(fold(text)) <= set(SYMBOLS)


def test_digits_are_one_symbol_and_case_is_folded():
    assert fold("Bus 42, é\n") == "bus 00, "


@pytest.mark.parametrize("context", ["", "t", "th", " the", "zzzz", "a longer one: the"])
def test_probabilities_after_any_context_sum_to_one(model, context):
    total = sum(map(math.exp, model.log_probs(context)))
    assert total == pytest.approx(1, abs=STEP)  # of rounding to steps


def test_what_was_seen_is_likelier(model):
    assert model.log_prob("e", " th") > model.log_prob("x", " th")
    assert model.log_prob("e", " th") > math.log(0.5)


def test_what_was_never_seen_stays_possible(model):
    assert -20 <= model.log_prob("q", " th") < -2


def test_case_makes_no_difference(model):
    assert model.log_prob("E", " th") == model.log_prob("e", " th")


def test_all_digits_are_alike_and_share_their_place(model):
    assert model.log_prob("7", "room ") == model.log_prob("3", "room ")
    assert 10 * math.exp(model.log_prob("7", "room ")) > 0.5


def test_an_unknown_character_has_a_fixed_price(model):
    assert model.log_prob("é", " th") == model.log_prob("é", "") == -math.log(len(SYMBOLS))


def test_only_the_end_of_a_context_counts(model):
    assert model.log_probs("xyz the").tolist() == model.log_probs(" the"[1 - ORDER :]).tolist()


def test_an_unknown_context_falls_back_on_its_end(model):
    assert model.log_probs("qqqt").tolist() == model.log_probs("t").tolist()


def test_runs_of_spaces_are_one():
    spaced = build(["the   cat \t sat"])
    assert spaced.log_probs("the ").tolist() == build(["the cat sat"]).log_probs("the ").tolist()


def test_few_ngrams_make_a_smaller_model_that_still_sums_to_one(model):
    few = build(LINES, most=40)
    assert 0 < len(few) <= 40 < len(model)
    assert sum(map(math.exp, few.log_probs("t"))) == pytest.approx(1, abs=STEP)


def test_single_symbols_stay_in_the_smallest_model():
    smallest = build(LINES, most=1)
    assert smallest.log_prob("t", "") > smallest.log_prob("q", "")


def test_the_most_informative_ngrams_are_kept():
    # after a q there is always a u; after an a anything, as often as anywhere
    few = build(["qu", "ab", "ac", "ad", "ae", "xb", "xc", "xd", "xe"] * 50, most=20)
    assert few.log_prob("u", "q") > math.log(0.5)
    assert few.log_probs("a").argmax() == few.log_probs("x").argmax()


def test_surprises_stay_possible_after_the_surest_context():
    sure = build(["qu"] * 10_000)
    assert sure.log_prob("z", "q") > math.log(SURPRISE / len(SYMBOLS)) - STEP


def test_repeated_text_counts_more():
    assert build([*LINES, *["the cow"] * 20]).log_prob("o", "c") > build(LINES).log_prob("o", "c")


def test_text_without_letters_is_a_data_error():
    for empty in ([], ["", "  "]):
        with pytest.raises(DataError, match="no text"):
            build(empty)


def test_a_model_comes_back_as_it_was(model, tmp_path):
    model.save(tmp_path / "m.npz")
    back = Ngrams.load(tmp_path / "m.npz")
    for context in ("", "t", " the", "om 0"):
        assert back.log_probs(context).tolist() == model.log_probs(context).tolist()


def test_a_missing_folder_is_an_output_error(model, tmp_path):
    with pytest.raises(OutputError):
        model.save(tmp_path / "none" / "m.npz")


@pytest.mark.parametrize("content", [None, b"", b"no archive"])
def test_what_is_no_model_is_a_model_error(tmp_path, content):
    if content is not None:
        (tmp_path / "m.npz").write_bytes(content)
    with pytest.raises(ModelError, match=r"m\.npz"):
        Ngrams.load(tmp_path / "m.npz")


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("contexts", np.zeros(3, np.uint32)),
        ("counts", np.array([9, 9], np.uint8)),
        ("costs", np.zeros(1, np.float32)),
        ("symbols", np.array([200], np.uint8)),
    ],
)
def test_tables_that_do_not_fit_are_a_model_error(tmp_path, part, value):
    arrays = {
        "contexts": np.array([0, 9], np.uint32),
        "counts": np.array([1, 0], np.uint8),
        "prices": np.array([1, 1], np.uint8),
        "symbols": np.array([4], np.uint8),
        "costs": np.array([30], np.uint8),
    }
    np.savez(tmp_path / "good.npz", **arrays)
    assert len(Ngrams.load(tmp_path / "good.npz")) == 1
    np.savez(tmp_path / "m.npz", **{**arrays, part: value})
    with pytest.raises(ModelError, match="do not fit"):
        Ngrams.load(tmp_path / "m.npz")


def test_the_command_reads_files_and_folders(tmp_path):
    (tmp_path / "texts" / "more").mkdir(parents=True)
    (tmp_path / "texts" / "more" / "a.txt").write_text("the cat\n")
    (tmp_path / "b.txt").write_text("a dog")
    target = tmp_path / "m.npz"
    sources = [str(tmp_path / "texts"), str(tmp_path / "b.txt")]
    result = CliRunner().invoke(main, ["language", *sources, "-o", str(target)])
    assert result.exit_code == 0
    assert f"ocr read --language {target}" in result.stderr
    built, expected = language_model(target), build(["the cat", "a dog"])
    assert built is not None
    assert built.log_probs("th").tolist() == expected.log_probs("th").tolist()
    assert built.log_probs("do").tolist() == expected.log_probs("do").tolist()


def test_an_unknown_language_names_those_there_are():
    with pytest.raises(ModelError, match="no language model german .there are english and none;"):
        language_model("german")


@pytest.mark.parametrize("text", ["", None])
def test_the_command_reports_what_is_wrong(tmp_path, text):
    if text is not None:
        (tmp_path / "a.txt").write_text(text)
    arguments = ["language", str(tmp_path / "a.txt"), "-o", str(tmp_path / "m.npz")]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == DataError.exit_code
    assert result.stderr.startswith("ocr: error: ")
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "m.npz").exists()


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "a.txt").write_text("the cat")
    Image.new("L", (9, 9)).save(tmp_path / "photo.webp")
    arguments = ["language", str(tmp_path), "-o", str(tmp_path / "m.npz")]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == DataError.exit_code
    assert f"cannot read {tmp_path / 'photo.webp'}: not text in UTF-8" in result.stderr
    assert not (tmp_path / "m.npz").exists()


def test_what_is_remembered_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ocr.decode.language.CACHE_SIZE", 3)
    model = build(LINES)
    first = model.log_probs("a").copy()
    for context in "bcdefa":
        model.log_probs(context)
        assert len(model._answers) <= 3
    assert np.array_equal(model.log_probs("a"), first)
