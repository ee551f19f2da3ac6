"""The import hook: a module is mended right after its import, and every other one is left alone."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from zuul_py3 import hook, tools


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A module `sample`, mended so that its `answer` is 42."""

    def mend(module: ModuleType) -> None:
        module.answer = 42  # type: ignore[attr-defined]

    (tmp_path / "sample.py").write_text("answer = 41\n")
    (tmp_path / "other.py").write_text("answer = 41\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(hook.MENDERS, "sample", [mend])
    hook.install()
    yield tmp_path
    for name in ("sample", "other"):
        sys.modules.pop(name, None)


def test_a_module_is_mended_when_it_is_imported(sample: Path) -> None:
    assert importlib.import_module("sample").answer == 42


def test_a_module_is_mended_again_when_it_is_reloaded(sample: Path) -> None:
    module = importlib.import_module("sample")
    module.answer = 0
    assert importlib.reload(module).answer == 42


def test_no_other_module_is_touched(sample: Path) -> None:
    assert importlib.import_module("other").answer == 41


def test_what_is_mended_can_still_show_its_source(sample: Path) -> None:
    module = importlib.import_module("sample")
    assert module.__spec__ and module.__spec__.loader.get_source("sample") == "answer = 41\n"  # type: ignore[attr-defined]


def test_the_hook_is_installed_once() -> None:
    hook.install()
    assert sum(isinstance(finder, hook.Finder) for finder in sys.meta_path) == 1


def test_importing_the_module_loads_nothing_heavy() -> None:
    # Zuul becomes a daemon before it may load these.
    code = "import sys; sys.path.append(sys.argv[1]); import zuul_py3; print({'paramiko', 'gear'} & set(sys.modules))"
    folder = str(Path(hook.__file__).parents[1])
    done = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_a_snapshot_dict_can_change_while_it_is_walked() -> None:
    numbers = tools.SnapshotDict({1: "a", 2: "b"})
    for number in numbers.keys():  # noqa: SIM118 - this is what Zuul writes
        numbers[number + 10] = "c"
    assert sorted(numbers) == [1, 2, 11, 12]


def test_yaml_makes_no_python_objects() -> None:
    yaml = tools.safe_yaml()
    assert yaml.load("a: 1") == {"a": 1}
    with pytest.raises(yaml.YAMLError):
        yaml.load("!!python/object/apply:os.system [true]")
