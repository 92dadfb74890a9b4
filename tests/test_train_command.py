from __future__ import annotations

import builtins
import contextlib
import itertools
import json
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from ocr import files
from ocr.classifiers import describe, load
from ocr.cli import commands
from ocr.cli.progress import show_progress
from ocr.cli.train import Progress, progress_bar, warn_of_short_budget
from ocr.training import loop
from ocr.training.progress import Step
from tests.test_imports import loaded_by

Run = Callable[..., Result]
STROKES = {  # rows and columns of ink in 20×20
    "I": [(slice(2, 18), slice(9, 11))],
    "L": [(slice(2, 18), slice(5, 7)), (slice(16, 18), slice(5, 14))],
    "T": [(slice(2, 18), slice(9, 11)), (slice(2, 4), slice(4, 16))],
    "O": [(slice(2, 4), slice(4, 16)), (slice(16, 18), slice(4, 16)), (slice(2, 18), slice(4, 6))],
}
NETWORKS = [["--backend", "numpy"], ["--backend", "torch", "--arch", "report-mlp"]]


def letters(path: Path, characters: str, *, count: int = 24) -> Path:
    """An archive of strokes as wide and dark as chance will have it."""
    rng = np.random.default_rng(0)
    images = np.zeros((count * len(characters), 20, 20), np.uint8)
    for i, image in enumerate(images):
        for rows, columns in STROKES[characters[i % len(characters)]]:
            image[rows, columns] = rng.integers(120, 256)
    np.savez(path, images=images, chars=np.array([*characters] * count))
    return path


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Train on three letters for two epochs, in an empty folder."""
    letters(tmp_path / "ilt.npz", "ILT")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    monkeypatch.setattr(
        "ocr.cli.train.draw_learning_curves", lambda output: None
    )  # Matplotlib takes seconds
    monkeypatch.setattr("ocr.training.log.TensorboardLog.add", lambda *_: None)
    options = ["--data", "ilt.npz", "--alphabet", "ILT", "--epochs", 2, "--batch-size", 16]

    def invoke(*args: object) -> Result:
        return CliRunner().invoke(commands.main, [str(a) for a in ("train", *options, *args)])

    return invoke


@pytest.fixture(params=NETWORKS, ids=["numpy", "torch"])
def network(request: pytest.FixtureRequest) -> list[str]:
    if "torch" in request.param:
        pytest.importorskip("torch")
        pytest.importorskip("onnx")
    return list(request.param)


def model_of(network: list[str], stem: str = "model") -> Path:
    return Path(f"{stem}.npz" if "numpy" in network else f"{stem}.onnx")


def log_of(model: Path) -> list[dict[str, float]]:
    """Lines of a model's log, but for the speed."""
    lines = [json.loads(line) for line in Path(f"{model}.log.jsonl").read_text().splitlines()]
    for line in lines:
        del line["images_per_second"]
    return lines


def stop_after(monkeypatch: pytest.MonkeyPatch, steps: int, how: Callable[[], None]) -> None:
    """Make a run stop at the end of its step `steps`, counted from where it begins or goes on."""
    taken = itertools.count(1)

    def stopping(*args: Any, **options: Any) -> Any:
        def on_step(step: Step) -> None:
            if next(taken) == steps:
                how()

        return loop.train(*args, **{**options, "on_step": on_step})

    monkeypatch.setattr("ocr.cli.train.train", stopping)


class Killed(BaseException):
    """Nothing catches it, as nothing catches kill -9."""


def kill_at(monkeypatch: pytest.MonkeyPatch, write: int, *, after: bool) -> None:
    """End the run before or after it puts a file in place for the `write`-th time."""
    replace, writes = files._replace, iter(range(1, write + 1))

    def counted(path: Path, data: bytes) -> None:
        last = next(writes) == write
        if after or not last:
            replace(path, data)
        if last:
            raise Killed

    monkeypatch.setattr(files, "_replace", counted)


def interrupt() -> None:
    raise KeyboardInterrupt


def ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_a_model_is_trained_and_described(run, network):
    result = run(*network)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith("reading data ...\n66 crops to train on, 6 to validate")
    card = describe(model_of(network))
    assert (card["data"], card["crops"], card["settings"]["epochs"]) == (["ilt.npz"], 66, 2)
    assert card["valid_accuracy"] == max(
        json.loads(line)["valid_accuracy"]
        for line in Path(f"{model_of(network)}.log.jsonl").read_text().splitlines()
    )
    assert f"ocr read --model {model_of(network)} IMAGE" in result.stderr


def test_a_model_learns_to_read(run, network):
    run(*network, "--epochs", 12, "--learning-rate", 0.02, "--no-augment")
    assert describe(model_of(network))["valid_accuracy"] == 1


def test_a_finished_run_leaves_model_and_log(run, network):
    run(*network)
    name = model_of(network).name
    logs = [f"{name}.log.jsonl", f"{name}.md"]
    assert sorted(p.name for p in Path().iterdir()) == ["ilt.npz", name, *logs]


def test_the_same_seed_gives_the_same_bytes(run, network):
    for name, seed in (("one", 3), ("two", 3), ("other", 4)):
        assert run(*network, "--seed", seed, "-o", name).exit_code == 0
    one, two, other = (model_of(network, n).read_bytes() for n in ("one", "two", "other"))
    assert one == two != other


@pytest.mark.parametrize("how", [interrupt, ctrl_c])
@pytest.mark.parametrize("steps", [3, 5, 7, 10])  # inside the first epoch, at its end; the last
def test_a_resumed_run_ends_as_an_undisturbed_one(run, network, monkeypatch, steps, how):
    run(*network, "-o", "steady")
    with monkeypatch.context() as patch:
        stop_after(patch, steps, how)
        stopped = run(*network, "-o", "stopped")
    assert stopped.exit_code == 130
    assert stopped.stderr.endswith("stopped and saved: continue with --resume\n")
    resumed = run(*network, "-o", "stopped", "--resume")
    assert resumed.exit_code == 0
    steady, stopped = (model_of(network, n).read_bytes() for n in ("steady", "stopped"))
    assert steady == stopped
    assert log_of(model_of(network, "steady")) == log_of(model_of(network, "stopped"))
    assert not Path(f"{model_of(network, 'stopped')}.checkpoint.npz").exists()


@pytest.mark.parametrize("after", [False, True])
def test_a_run_killed_at_any_write_ends_as_an_undisturbed_one(run, monkeypatch, after):
    monkeypatch.setattr("ocr.training.checkpoint.CHECKPOINT_SECONDS", 0.0)
    command = ("--backend", "numpy", "--batch-size", 32)
    run(*command, "-o", "steady")
    for write in itertools.count(1):
        with monkeypatch.context() as patch, contextlib.suppress(Killed):
            kill_at(patch, write, after=after)
            run(*command, "-o", "killed")
            break  # it has no more writes
        assert run(*command, "-o", "killed", "--resume").exit_code == 0
        assert Path("killed.npz").read_bytes() == Path("steady.npz").read_bytes()
        assert log_of(Path("killed.npz")) == log_of(Path("steady.npz"))
        assert Path("killed.npz.md").exists()
        for left in Path().glob("killed.*"):
            left.unlink()
    assert write > 10  # 6 steps, the beginning, and what each epoch writes


def test_a_run_stopped_before_it_began_does_not_claim_to_be_saved(run, monkeypatch):
    monkeypatch.setattr("ocr.cli.train.train", lambda *args, **options: interrupt())
    stopped = run("--backend", "numpy")
    assert stopped.exit_code == 130
    assert stopped.stderr.endswith("stopped before anything was saved\n")


def test_a_stopped_run_is_not_lost_by_a_forgotten_resume(run, monkeypatch):
    with monkeypatch.context() as patch:
        stop_after(patch, 3, interrupt)
        run("--backend", "numpy")
    before = Path("model.npz.checkpoint.npz").read_bytes()
    result = run("--backend", "numpy", "--data", "none.npz")  # reported before any data is read
    assert result.exit_code == 6
    assert result.stderr == (
        "ocr: error: cannot write model.npz: an earlier run is not complete "
        "(continue it with --resume; to start over, choose another -o or delete model.npz*)\n"
    )
    assert Path("model.npz.checkpoint.npz").read_bytes() == before


@pytest.mark.parametrize("alphabet", ["", " "])
def test_an_alphabet_without_characters_is_a_wrong_command_line(run, alphabet):
    result = run("--backend", "numpy", "--alphabet", alphabet)
    assert result.exit_code == 2
    assert "'--alphabet': it has no characters" in result.stderr


@pytest.mark.parametrize("arch", ["cnn", "report-cnn"])
def test_resuming_keeps_the_moments_of_convolutions_in_place(run, monkeypatch, arch):
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    run("--arch", arch, "-o", "steady")
    with monkeypatch.context() as patch:
        stop_after(patch, 3, interrupt)
        run("--arch", arch, "-o", "stopped")
    run("--arch", arch, "-o", "stopped", "--resume")
    assert Path("steady.onnx").read_bytes() == Path("stopped.onnx").read_bytes()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--epochs", 3], "other epochs "),
        (["--seed", 1, "--learning-rate", 0.5], "other seed, learning_rate "),
        (["--no-augment"], "other augment "),
        (["--alphabet", "TLI"], "other alphabet "),
        (["--data", "more.npz"], "other data, crops "),
    ],
)
def test_resuming_with_other_options_is_refused(run, monkeypatch, options, message):
    letters(Path("more.npz"), "ILT", count=30)
    with monkeypatch.context() as patch:
        stop_after(patch, 3, interrupt)
        run("--backend", "numpy")
    result = run("--backend", "numpy", "--resume", *options)
    assert result.exit_code == 5
    (line,) = [t for t in result.stderr.splitlines() if t.startswith("ocr: error")]
    assert message in line


def test_resuming_another_architecture_is_refused(run, monkeypatch):
    with monkeypatch.context() as patch:
        stop_after(patch, 3, interrupt)
        run("--backend", "numpy")
    result = run("--backend", "numpy", "--resume", "--arch", "mlp-wide")
    assert result.exit_code == 5
    assert "other architecture" in result.stderr


def test_a_run_killed_before_its_first_checkpoint_begins(run):
    result = run("--backend", "numpy", "--resume")
    assert result.exit_code == 0
    assert "there is no checkpoint yet: the run starts from the beginning" in result.stderr
    assert describe("model.npz")["epoch"] in (1, 2)


@pytest.mark.parametrize("options", [(), ("--seed", 1), ("--data", "none.npz")])
def test_a_complete_run_is_not_resumed_with_any_options(run, options):
    run("--backend", "numpy")
    before = Path("model.npz").read_bytes()
    result = run("--backend", "numpy", "--resume", *options)
    assert result.exit_code == 5
    assert result.stderr == (
        "ocr: error: nothing to resume: the run of model.npz is complete "
        "(read with the model, or train another with another -o)\n"
    )
    assert Path("model.npz").read_bytes() == before


def test_a_finished_model_is_not_overwritten_by_another_run(run):
    run("--backend", "numpy")
    before = Path("model.npz").read_bytes()
    result = run("--backend", "numpy", "--seed", 1, "--data", "none.npz")  # before data is read
    assert result.exit_code == 6
    assert result.stderr == (
        "ocr: error: cannot write model.npz: it already exists (choose another -o)\n"
    )
    assert Path("model.npz").read_bytes() == before


def test_a_model_may_be_called_as_a_folder_is_and_is_never_one(run):
    Path("greek").mkdir()
    assert run("--backend", "numpy", "--epochs", 1, "-o", "greek").exit_code == 0
    assert Path("greek.npz").is_file()
    Path("latin.npz").mkdir()
    result = run("--backend", "numpy", "--data", "none.npz", "-o", "latin")
    assert result.exit_code == 6
    assert result.stderr.endswith("cannot write latin.npz: it is a folder (choose another -o)\n")


def test_the_command_to_read_with_a_model_can_be_pasted(run):
    result = run("--backend", "numpy", "--epochs", 1, "-o", "my model")
    assert "ocr read --model 'my model.npz' IMAGE" in result.stderr


def test_fine_tuning_onto_another_alphabet_keeps_what_was_learnt(run, network):
    letters(Path("lot.npz"), "LOT")
    run(*network, "--epochs", 8, "--no-augment")
    tuned = ["--init", model_of(network), "--data", "lot.npz", "--alphabet", "LOT"]
    slow = ["--learning-rate", 1e-9, "--epochs", 1, "--no-augment"]
    result = run(*network, *tuned, *slow, "-o", "tuned")
    assert result.exit_code == 0
    crops = np.random.default_rng(0).random((4, 32, 32), np.float32)
    before, after = load(model_of(network)), load(model_of(network, "tuned"))
    assert after.alphabet.characters == "LOT"
    odds = [  # of T against L: the two characters that both models know
        answers[:, m.alphabet.index("T")] - answers[:, m.alphabet.index("L")]
        for m in (before, after)
        for answers in [m.log_probs(crops)]
    ]
    np.testing.assert_allclose(odds[0], odds[1], atol=1e-3)


@pytest.mark.parametrize("characters", ["ILT", "IL"])  # all that the model knows, or a part
def test_what_is_left_out_is_reported_once(run, characters):
    run("--backend", "numpy")
    letters(Path("more.npz"), characters)
    with np.load("more.npz") as arrays:
        chars = arrays["chars"].astype("<U2")
        chars[0] = "AB"
        np.savez("more.npz", images=arrays["images"], chars=chars)
    options = ["--init", "model.npz", "--data", "more.npz", "--epochs", "1", "-o", "tuned"]
    result = CliRunner().invoke(commands.main, ["train", "--backend", "numpy", *options])
    assert result.exit_code == 0
    assert result.stderr.count("left out: 1 of more.npz") == 1


def test_fine_tuning_takes_architecture_and_alphabet_from_the_model(run, network):
    run(*network)
    options = ["--data", "ilt.npz", "--epochs", "1", "--init", str(model_of(network))]
    backend = network[:2]
    result = CliRunner().invoke(commands.main, ["train", *backend, *options, "-o", "tuned"])
    assert result.exit_code == 0
    card = describe(model_of(network, "tuned"))
    assert (card["alphabet"], card["init"]) == ("ILT", model_of(network).name)
    assert card["architecture"] == describe(model_of(network))["architecture"]


def test_an_unwritable_output_is_reported_before_any_data_is_read(run):
    result = run("--backend", "numpy", "--data", "none.npz", "-o", "missing/model")
    assert result.exit_code == 6
    assert result.stderr == (
        "ocr: error: cannot write missing/model.npz: no such file or directory "
        "(choose another -o)\n"
    )


def test_the_model_to_start_from_is_not_overwritten(run):
    run("--backend", "numpy", "-o", "start")
    before = Path("start.npz").read_bytes()
    Path("other.npz").symlink_to("start.npz")
    for output in ("start", "./start.npz", "other"):
        result = run("--backend", "numpy", "--init", "start.npz", "-o", output)
        assert result.exit_code == 6
        assert "training starts from it (choose another -o)" in result.stderr
    assert Path("start.npz").read_bytes() == before


def test_data_without_labels_is_reported(run):
    np.savez("bare.npz", images=np.zeros((3, 20, 20), np.uint8))
    result = run("--backend", "numpy", "--data", "bare.npz")
    assert result.exit_code == 5
    assert "bare.npz has no labels" in result.stderr
    assert not list(Path().glob("model*"))


@pytest.mark.parametrize("rate", ["nan", "inf", "0"])
def test_a_learning_rate_that_is_none_is_a_wrong_command_line(run, rate):
    assert run("--backend", "numpy", "--learning-rate", rate).exit_code == 2


def test_a_run_that_diverges_is_one_line_and_is_begun_anew_with_a_lower_rate(run, network):
    result = run(*network, "--learning-rate", 1e30)
    assert result.exit_code == 4
    assert result.stderr.splitlines()[2:] == [
        "ocr: error: training diverged, its loss is not a number (lower --learning-rate)"
    ]
    assert run(*network).exit_code == 0


def test_an_architecture_of_the_other_backend_is_reported(run):
    result = run("--backend", "numpy", "--arch", "cnn")
    assert result.exit_code == 4
    assert "no numpy architecture 'cnn' (there are mlp, mlp-wide" in result.stderr


def test_without_torch_the_remedy_is_reported(run, monkeypatch):
    without(monkeypatch, "torch", "ocr.classifiers.onnx_file")
    result = run("--backend", "torch")
    assert result.exit_code == 7
    assert (
        result.stderr
        == "ocr: error: training with torch needs an extra: pip install 'ocr[torch]'\n"
    )


def without(monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
    """Make an import of these fail, as where they are not installed."""
    honest = builtins.__import__

    def failing(name: str, *args: object, **rest: object) -> object:
        if name.split(".")[0] in modules or name in modules:
            raise ModuleNotFoundError(f"No module named {name!r}")
        return honest(name, *args, **rest)

    monkeypatch.setattr(builtins, "__import__", failing)


def test_numpy_training_never_loads_torch(tmp_path):
    letters(tmp_path / "il.npz", "IL")
    options = ["--backend", "numpy", "--data", f"{tmp_path}/il.npz", "--alphabet", "IL"]
    code = (
        "from ocr.cli.commands import main; main("
        f"{['train', *options, '--epochs', '1', '-o', f'{tmp_path}/m']}, standalone_mode=False)"
    )
    assert "torch" not in loaded_by(code)


def test_threads_do_not_spin_while_they_wait(run, monkeypatch):
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    run("--backend", "numpy", "--epochs", 1)
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"


def test_the_suffix_says_what_reads_the_model(run):
    for name in ("a.model", "b.onnx", "c.npz"):
        run("--backend", "numpy", "--epochs", 1, "-o", name)
    models = sorted(p.name for p in Path().glob("?.*") if p.suffix not in (".jsonl", ".md"))
    assert models == ["a.model.npz", "b.onnx.npz", "c.npz"]


def test_the_card_has_the_command_with_names_for_paths(run, network):
    Path("my letters").mkdir()
    letters(Path("my letters/ilt.npz"), "ILT")
    options = ["--data", "my letters/ilt.npz", "--balance", "--no-augment", "--seed", 3]
    run(*network, *options, "-o", Path("my letters/model").absolute())
    card = (Path("my letters") / f"{model_of(network).name}.md").read_text()
    command = (
        f"ocr train {' '.join(network)} --data ilt.npz --data ilt.npz --alphabet ILT --balance "
        "--epochs 2 --batch-size 16 --seed 3 --no-augment --output model"
    )
    assert f"\n    {command}\n" in card
    assert "my letters" not in card


def test_a_budget_trains_for_a_time(run, network):
    result = CliRunner().invoke(
        commands.main,
        ["train", *network, "--data", "ilt.npz", "--alphabet", "ILT", "--time-budget", "1s"],
    )
    assert result.exit_code == 0
    card = describe(model_of(network))
    assert card["steps"] >= 1  # a busy machine may read the data for longer
    assert card["settings"]["time_budget"] == 1


@pytest.mark.parametrize(("seconds", "warns"), [(6.0, True), (4.0, False)])
def test_a_budget_that_is_spent_on_loading_data_is_reported(capsys, seconds, warns):
    warn_of_short_budget(10.0, seconds)
    assert ("took 6 s of a time budget of 10 s" in capsys.readouterr().err) is warns
    warn_of_short_budget(None, seconds)
    assert capsys.readouterr().err == ""


def test_the_corrected_steps_of_a_budget_are_kept_for_the_resumed_run(run, network, monkeypatch):
    for module in ("loop", "progress"):
        monkeypatch.setattr(f"ocr.training.{module}.count_steps_within", lambda *args: 12)

    def budgeted(name: str, *options: str) -> int:
        command = ["train", *network, "--data", "ilt.npz", "--alphabet", "ILT", "-o", name]
        return (
            CliRunner().invoke(commands.main, [*command, "--time-budget", "1s", *options]).exit_code
        )

    with monkeypatch.context() as patch:
        stop_after(patch, 7, interrupt)  # the plan is corrected after the sixth
        assert budgeted("one") == 130
    for suffix in ("", ".checkpoint.npz"):  # the best model so far belongs to what is stopped
        copied = Path(f"{model_of(network, 'one')}{suffix}").read_bytes()
        Path(f"{model_of(network, 'two')}{suffix}").write_bytes(copied)
    assert budgeted("one", "--resume") == 0
    with monkeypatch.context() as patch:
        stop_after(patch, 2, interrupt)
        assert budgeted("two", "--resume") == 130
    assert budgeted("two", "--resume") == 0
    one, two = (model_of(network, name).read_bytes() for name in ("one", "two"))
    assert one == two


def test_a_run_killed_while_its_card_is_written_writes_it_when_resumed(run, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("ocr.cli.train.write_model_card", lambda *args, **options: interrupt())
        assert run("--backend", "numpy").exit_code == 130
    assert not Path("model.npz.md").exists()
    assert run("--backend", "numpy", "--resume").exit_code == 0
    assert Path("model.npz.md").exists()
    assert not Path("model.npz.checkpoint.npz").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--time-budget", "10"], "'10' is not a duration (write 90s, 10m or 1h30m)"),
        (["--time-budget", "10m"], "--epochs and --time-budget cannot be used together"),
    ],
)
def test_a_budget_that_says_nothing_is_a_wrong_command_line(run, options, message):
    command = ["train", "--data", "ilt.npz", *options]
    arguments = command if "10" in options else [*command, "--epochs", "2"]
    result = CliRunner().invoke(commands.main, arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_label_smoothing_reaches_the_network(run, network):
    run(*network, "-o", "sharp")
    run(*network, "--label-smoothing", 0.1, "-o", "smooth")
    sharp, smooth = (load(model_of(network, name)) for name in ("sharp", "smooth"))
    crops = np.random.default_rng(0).random((4, 32, 32), np.float32)
    assert not np.allclose(sharp.log_probs(crops), smooth.log_probs(crops))


def test_balance_changes_what_is_drawn(run):
    letters(Path("i.npz"), "I", count=40)
    for name, options in (("natural", []), ("balanced", ["--balance"])):
        assert run("--backend", "numpy", "--data", "i.npz", *options, "-o", name).exit_code == 0
    natural, balanced = (Path(f"{n}.npz").read_bytes() for n in ("natural", "balanced"))
    assert natural != balanced


def test_a_broken_image_is_reported_and_training_goes_on(run, network):
    from PIL import Image

    for character in "IL":
        Path("pictures", character).mkdir(parents=True)
        for i in range(20):
            image = np.full((20, 20), 255, np.uint8)
            for rows, columns in STROKES[character]:
                image[rows, columns] = i
            Image.fromarray(image).save(Path("pictures", character, f"{i}.png"))
    Path("pictures/I/bad.png").write_bytes(b"no image")
    options = ["--data", "pictures", "--alphabet", "IL", "--epochs", "1"]
    result = CliRunner().invoke(commands.main, ["train", *network, *options])
    assert result.exit_code == 0
    assert "left out: cannot read pictures/I/bad.png: not an image" in result.stderr


STEP = Step(12, 100, 0.5, 1.25, 0.987, 12345.6, 61.0)


@pytest.mark.parametrize("columns", [20, 80, 200])
def test_the_progress_line_fits_the_terminal(columns, capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr("sys.stderr.fileno", lambda: 2)
    monkeypatch.setattr(os, "get_terminal_size", lambda fd: os.terminal_size((columns, 24)))
    show_progress(progress_bar(STEP))
    line = capsys.readouterr().err.removeprefix("\r\x1b[K")
    assert len(line) < columns
    assert "epoch 12/100 ██████████░░░░░░░░░░ 1:01 left".startswith(line[:41])


def test_a_log_file_gets_a_progress_line_a_minute(capsys, monkeypatch):
    progress = Progress(None)
    progress.show_step(STEP)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("ocr.cli.train.LOG_INTERVAL", 0.0)
    progress.show_step(STEP)
    assert capsys.readouterr().err == (
        "epoch 12/100, 50% done: loss 1.250, accuracy 98.70%; about 61 s left\n"
    )


def test_each_epoch_says_of_how_many_it_is_and_how_long_the_run_still_takes(run):
    first, last = (t for t in run("--backend", "numpy").stderr.splitlines() if t.startswith("epo"))
    assert first.startswith("epoch 1/2: loss ")
    assert re.search(r" img/s; about \d+ s left$", first)
    assert last.startswith("epoch 2/2: loss ")
    assert last.endswith(" img/s")


def test_help_shows_the_default_of_each_architecture():
    text = " ".join(CliRunner().invoke(commands.main, ["train", "--help"]).stdout.split())
    assert "[default: 8 (cnn), 12 (report-cnn), 20 (" in text
