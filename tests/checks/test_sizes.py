"""A module that is too long and a folder with too many modules are refused."""

import pytest

from checks.sizes import EXCEPTIONS, MAX_LINES, MAX_MODULES, modules, offences_in


def folder(count: int, name: str = "tongdai/calls") -> dict[str, int]:
    return {f"{name}/m{n}.py": 1 for n in range(count)}


@pytest.mark.parametrize(("lines", "refused"), [(MAX_LINES, False), (MAX_LINES + 1, True)])
def test_module_has_at_most_so_many_lines(lines: int, refused: bool) -> None:
    found = offences_in({"tongdai/a.py": lines, "tongdai/b.py": 1}, ())
    assert [offence.split(":")[0] for offence in found] == ["tongdai/a.py"] * refused


@pytest.mark.parametrize(("count", "refused"), [(MAX_MODULES, False), (MAX_MODULES + 1, True)])
def test_folder_has_at_most_so_many_modules(count: int, refused: bool) -> None:
    found = offences_in(folder(count), ())
    assert [offence.split(":")[0] for offence in found] == ["tongdai/calls"] * refused


def test_neither_the_package_itself_nor_the_modules_of_subfolders_count() -> None:
    below = folder(MAX_MODULES, "tongdai/calls/live")
    assert offences_in({**folder(MAX_MODULES), **below, "tongdai/calls/__init__.py": 1}, ()) == []


def test_exception_allows_a_folder_and_is_refused_once_it_is_not_needed() -> None:
    assert offences_in(folder(99), ("tongdai/calls",)) == []
    (offence,) = offences_in(folder(MAX_MODULES), ("tongdai/calls",))
    assert offence == "tongdai/calls: needs no exception any more: remove it from EXCEPTIONS"


def test_modules_of_the_repository_are_read() -> None:
    found = modules()
    assert found["tongdai/calls/claim.py"] > 100
    assert {path.partition("/")[0] for path in found} == {"tongdai", "clients", "tests", "checks"}
    assert all(any(path.startswith(f"{folder}/") for path in found) for folder in EXCEPTIONS)
