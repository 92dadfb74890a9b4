from __future__ import annotations

import json
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.alphabet import Alphabet
from ocr.classifiers import Classifier, restrict
from ocr.data.samples import Samples
from ocr.errors import DataError, MissingExtraError, ModelError
from ocr.evaluation import normalize
from ocr.evaluation.alignment import Confusion, align, total
from ocr.evaluation.classifier import ClassifierScore, score_classifier
from ocr.evaluation.matrix import count_matrix, draw_png
from ocr.evaluation.pairs import Pair, find_pairs, list_unpaired
from ocr.evaluation.report import Report, score_page
from ocr.evaluation.table import classifier_table, page_table
from tests.fakes import PerfectClassifier, RaisingClassifier, UniformClassifier, marked_samples

TEXTS = st.text(st.sampled_from("ABab é1.\n"), max_size=12)
ABC = Alphabet("ABC", reject=True)


def test_strict_composes_accents_and_collapses_white_space() -> None:
    assert normalize.strict("\te\u0301  A\n\nb \n") == "é A b"


def test_letters_only_keeps_what_upper_casing_leaves_of_ascii() -> None:
    assert normalize.letters_only("Ä straße,\n1 b²") == "STRASSE1B"


def test_case_insensitive_keeps_spaces_and_punctuation() -> None:
    assert normalize.case_insensitive("To  DO:\n1") == "to do: 1"


def test_alignment_counts_each_kind_of_edit() -> None:
    alignment = align("KITTENS", "SITTING")
    assert (alignment.length, alignment.edits) == (7, 3)
    swapped = align("CAT", "CART")
    assert (swapped.insertions, swapped.deletions, swapped.substitutions) == (1, 0, 0)
    assert align("CAT", "CT").confusions == (Confusion("A", "", 1),)
    assert align("", "X").confusions == (Confusion("", "X", 1),)


def test_alignment_of_words() -> None:
    assert align(["TO", "DO"], ["TO", "D0"]).confusions == (Confusion("DO", "D0", 1),)


def test_confusions_come_most_frequent_first() -> None:
    assert align("OOIS", "00lS").confusions == (Confusion("O", "0", 2), Confusion("I", "l", 1))


@given(TEXTS, TEXTS)
def test_distance_is_symmetric_and_bounded(a: str, b: str) -> None:
    edits = align(a, b).edits
    assert edits == align(b, a).edits
    assert abs(len(a) - len(b)) <= edits <= max(len(a), len(b))


@given(TEXTS, TEXTS)
def test_pairs_account_for_every_character(a: str, b: str) -> None:
    alignment = align(a, b)
    assert alignment.length == len(a)
    assert sum(n for (_, read), n in alignment.pairs.items() if read) == len(b)
    assert all(n > 0 for n in alignment.pairs.values())


@given(TEXTS, TEXTS)
def test_cer_is_zero_just_where_texts_are_equal_under_the_normalization(a: str, b: str) -> None:
    page = score_page(a, b)
    letters_of = normalize.letters_of(a)
    assert (page.strict.edits == 0) == (normalize.strict(a) == normalize.strict(b))
    assert (page.letters.edits == 0) == (letters_of(a) == letters_of(b))
    folded = normalize.case_insensitive(a) == normalize.case_insensitive(b)
    assert (page.nocase.edits == 0) == folded


@given(TEXTS)
def test_form_of_accents_does_not_matter(text: str) -> None:
    assert score_page(text, unicodedata.normalize("NFD", text)).strict.edits == 0


@given(TEXTS, TEXTS)
def test_total_adds_up(a: str, b: str) -> None:
    one, other = align(a, b), align(b, a)
    both = total([one, other])
    assert both.edits == one.edits + other.edits
    assert both.length == one.length + other.length


@pytest.fixture
def report() -> Report:
    """One right page of 8 characters, one of 2 read as rubbish, one empty."""
    return Report(
        (
            score_page("GO TO IT", "GO TO IT", name="right.png"),
            score_page("NO", "XXXXXX", name="rubbish.png"),
            score_page("", "", name="empty.png"),
        )
    )


def test_micro_average_weighs_characters_and_mean_weighs_pages(report: Report) -> None:
    assert report.total.strict.error_rate == 6 / 10
    assert report.mean("cer_strict") == (0 + 1) / 2
    assert report.total.words.error_rate == 1 / 4


def test_rate_of_nothing_is_unknown(report: Report) -> None:
    assert report.pages[2].strict.error_rate is None
    assert Report(()).mean("cer_strict") is None
    assert Report(()).total.words.error_rate is None


def test_worst_pages_come_first(report: Report) -> None:
    assert [page.name for page in report.worst(2)] == ["rubbish.png", "right.png"]


def test_page_table_has_a_row_for_each_page_the_mean_and_the_total(report: Report) -> None:
    pages, confusions = page_table(report).split("\n\n")
    assert [line.split("  ")[0] for line in pages.splitlines()] == [
        "page",
        "right.png",
        "rubbish.png",
        "empty.png",
        "mean over pages",
        "all pages",
    ]
    rubbish = " ".join(pages.splitlines()[2].split())
    assert rubbish == "rubbish.png 300.00 300.00 300.00 100.00 2 6"
    assert confusions.splitlines()[1].split() == ["''", "X", "4"]
    assert "right.png" not in page_table(report, worst=1)


def test_failed_page_is_marked() -> None:
    report = Report((score_page("A", "", name="a.png", error="cannot read a.png"),))
    assert "a.png (failed) " in page_table(report)
    assert report.to_json()["pages"][0]["error"] == "cannot read a.png"


def test_json_of_a_report_survives_the_journey(report: Report) -> None:
    values = json.loads(json.dumps(report.to_json()))
    assert values["total"]["cer_strict"] == 0.6
    assert values["mean"]["wer_strict"] == 0.5
    assert values["pages"][2]["cer_strict"] is None
    assert values["confusions"][0] == {"truth": "", "read": "X", "times": 4}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Page at the top, page below, image without ground truth."""
    (tmp_path / "deep" / "er").mkdir(parents=True)
    for name in ("a.png", "a.gt.txt", "deep/er/b.JPG", "deep/er/b.gt.txt", "deep/lonely.png"):
        (tmp_path / name).write_text(name)
    return tmp_path


def test_folders_are_searched_to_the_bottom_and_pairs_are_given_once(folder: Path) -> None:
    found = find_pairs([folder, folder / "a.png"])
    assert [pair.image.name for pair in found] == ["a.png", "b.JPG"]
    assert found[1].text() == "deep/er/b.gt.txt"


def test_a_pair_is_given_once_however_its_path_is_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    found = find_pairs([Path("deep"), folder / "deep", Path("deep/../deep/er/b.JPG")])
    assert [pair.image for pair in found] == [Path("deep/er/b.JPG")]


def test_images_without_text_and_texts_without_images_are_reported(folder: Path) -> None:
    (folder / "a.jpg.gt.txt").write_text("misnamed")
    assert list_unpaired([folder, folder / "a.png"]) == [
        f"{folder}/deep/lonely.png has no lonely.gt.txt",
        f"{folder}/a.jpg.gt.txt has no image next to it",
    ]
    for number in range(20):
        (folder / f"{number}.png").touch()
    lines = list_unpaired([folder])
    assert len(lines) == 11
    assert lines[-1] == "12 more without text or image"


def test_named_image_needs_ground_truth(folder: Path) -> None:
    with pytest.raises(DataError, match=r"lonely.png: no ground truth \(write it to lonely.gt"):
        find_pairs([folder / "deep" / "lonely.png"])
    with pytest.raises(DataError, match="no such file"):
        find_pairs([folder / "none"])


def test_path_that_the_system_refuses_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bool:
        raise OSError(36, "File name too long", str(path))

    monkeypatch.setattr(Path, "exists", refuse)
    with pytest.raises(DataError, match="cannot read a: file name too long"):
        find_pairs([Path("a")])


def test_ground_truth_is_utf_8(tmp_path: Path) -> None:
    truth = tmp_path / "a.gt.txt"
    truth.write_bytes("É".encode("utf-8-sig"))
    assert Pair(tmp_path / "a.png", truth).text() == "É"
    truth.write_bytes("É".encode("latin-1"))
    with pytest.raises(DataError, match="not UTF-8"):
        Pair(tmp_path / "a.png", truth).text()


def score(classifier: Classifier, samples: Samples) -> ClassifierScore:
    return score_classifier(classifier, samples.crops, samples.characters)


def test_perfect_classifier_scores_one() -> None:
    result = score(PerfectClassifier(ABC), marked_samples(["A", "C", "C", ""], ABC))
    assert (result.count, result.accuracy, result.accuracy_nocase) == (4, 1, 1)
    assert result.class_counts == {"A": 1, "C": 2, "": 1}
    assert result.confusions == ()


def test_uniform_classifier_answers_the_first_letter() -> None:
    result = score(UniformClassifier(ABC), marked_samples("AABBBC", ABC))
    assert result.accuracy == 2 / 6
    assert result.class_accuracy == {"A": 1, "B": 0, "C": 0}
    assert result.confusions == (Confusion("B", "A", 3), Confusion("C", "A", 1))
    np.testing.assert_array_equal(result.matrix[:, 0], [2, 3, 1, 0])


def test_case_is_right_when_ignored() -> None:
    both = Alphabet("Aa")
    result = score(UniformClassifier(both), marked_samples("Aaa", both))
    assert result.accuracy == pytest.approx(1 / 3)
    assert result.accuracy_nocase == 1


def test_letters_that_the_classifier_cannot_answer_count_as_wrong() -> None:
    samples = marked_samples("AC", ABC)
    result = score(UniformClassifier(Alphabet("AB")), samples)
    assert result.labels == ("A", "B", "C")
    assert (result.accuracy, result.confusions) == (0.5, (Confusion("C", "A", 1),))


def test_restriction_comes_before_the_decision() -> None:
    samples = marked_samples("BB", ABC)
    restricted = restrict(UniformClassifier(ABC), "B")
    assert score(restricted, samples).accuracy == 1


def test_score_of_no_samples_is_unknown() -> None:
    result = score(PerfectClassifier(ABC), marked_samples("", ABC))
    assert (result.count, result.accuracy, result.accuracy_nocase) == (0, None, None)


def test_failure_of_the_classifier_is_passed_on() -> None:
    with pytest.raises(ModelError):
        score(RaisingClassifier(ABC), marked_samples("A", ABC))


def test_classifier_table_lists_the_worst_letters_first_when_asked() -> None:
    result = score(UniformClassifier(ABC), marked_samples("AABBBC", ABC))
    summary, classes, confusions = classifier_table(result, worst=2).split("\n\n")
    assert summary.splitlines()[1].split() == ["6", "33.33", "33.33"]
    assert [line.split() for line in classes.splitlines()[1:]] == [
        ["B", "0.00", "3"],
        ["C", "0.00", "1"],
    ]
    assert confusions.splitlines()[1].split() == ["B", "A", "3"]


def test_matrix_of_pairs_has_nothing_last() -> None:
    labels, matrix = count_matrix(align("AB", "A").pairs)
    assert labels == ("A", "B", "")
    np.testing.assert_array_equal(matrix, [[1, 0, 0], [0, 0, 1], [0, 0, 0]])


def test_confusion_matrix_is_drawn_with_any_labels() -> None:
    pytest.importorskip("matplotlib")
    png = draw_png(("$", " ", "_", ""), np.eye(4, dtype=np.int64))
    assert png.startswith(b"\x89PNG")


def test_missing_matplotlib_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"ocr\[plot\]"):
        draw_png(("A",), np.eye(1, dtype=np.int64))
