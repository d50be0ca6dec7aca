"""``rules/groups.yml``: what is wrong is named with its line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from group_talk import RULES

from pipeline.errors import InputError
from pipeline.groups import load_policy

TEXT = (RULES / "groups.yml").read_text(encoding="utf-8")


def written(folder: Path, text: str) -> Path:
    shutil.copy(RULES / "vocabulary.yml", folder)
    (folder / "groups.yml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("  hours: 24", "  hours: soon", "window.hours: found soon, write a number from 0.01 to 720"),
        ("  messages: 128", "  messages: 12.5", "window.messages: found 12.5, write a whole number"),
        ("  positive: 1", "  joy: 1", "mood.joy: found joy, write a tag of rules/vocabulary.yml"),
        ("  refund: -0.75", "  refund: -7", "mood.refund: found -7, write a number from -1 to 1"),
        ("    incitement: 1", "    incitement: -1", "turn.acts.incitement: found -1, write a number from 0 to 1"),
        ("  least_acts: 1.5", "  least_act: 1.5", "turn.least_act: unknown here; known are"),
        ("  copies: 3", "  copies: true", "repeats.copies: found True, write a whole number from 2 to 256"),
        ('  chains: ["#接龙"]', "  chains: 接龙", "repeats.chains: found 接龙, write a list of words"),
        ("  agreeing: [说得对,", "  agreeing: [1,", "words.agreeing[0]: found 1, write a word"),
    ],
)
def test_a_mistake_is_named_with_its_line_what_was_found_and_what_to_write(
    tmp_path: Path, right: str, wrong: str, says: str
) -> None:
    assert TEXT.count(right) >= 1
    at = next(i for i, line in enumerate(TEXT.splitlines(), start=1) if line.startswith(right))
    lines = TEXT.splitlines()
    lines[at - 1] = lines[at - 1].replace(right, wrong)
    with pytest.raises(InputError) as error:
        load_policy(written(tmp_path, "\n".join(lines)))
    assert error.value.line == at
    assert says in str(error.value)


def test_a_missing_section_and_a_missing_value_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="words: write this section"):
        load_policy(written(tmp_path, TEXT[: TEXT.index("words:")]))
    with pytest.raises(InputError, match=r"repeats\.groups: "):
        load_policy(written(tmp_path, "\n".join(line for line in TEXT.splitlines() if not line.startswith("  groups:"))))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"groups\.yml"):
        load_policy(tmp_path)


def test_a_file_of_another_shape_is_an_error_not_a_crash(tmp_path: Path) -> None:
    for text in ("- 1", "window: 3", "just text", ""):
        with pytest.raises(InputError):
            load_policy(written(tmp_path, text))
