"""The house rules no other tool holds: the locks, the README's commands, the import contract."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

import disruption_sim

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>[^ ]+)(?: ; (?P<marker>[^\\]+?))? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")


def canonical(requirement: str) -> str:
    """Name of a requirement as the locks spell it."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name is not None
    return re.sub(r"[-_.]+", "-", name.group()).lower()


def pins(lock: str) -> dict[str, str]:
    """Version of each package in a lock, every line of which must be a pin, a hash or a comment."""
    versions: dict[str, str] = {}
    hashes = 0
    for line in (ROOT / lock).read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        pin = PIN.match(line)
        if pin is not None:
            assert not versions or hashes, f"{lock}: a package before {line!r} has no hash"
            assert pin["name"] not in versions, f"{lock}: {pin['name']} is pinned twice"
            versions[pin["name"]] = pin["version"]
            hashes = 0
        else:
            assert HASH.match(line), f"{lock}: neither a pin nor a hash: {line!r}"
            hashes += 1
    assert hashes, f"{lock}: the last package has no hash"
    return versions


def readme_block(name: str) -> list[str]:
    """Lines of the README's code block that follows the marker of that name."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(
        rf"^<!-- {re.escape(name)} -->\n```\w+\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL
    )
    assert len(blocks) == 1, f"the README has {len(blocks)} blocks named {name!r}"
    return str(blocks[0]).splitlines()


def tracked_text_files() -> Iterator[Path]:
    """Every text file under version control, or every file where there is no Git."""
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listing.returncode:
        parts = ("disruption_sim", "notebooks", "tests")
        names = [str(path) for part in parts for path in (ROOT / part).rglob("*.*")]
        names += [str(path) for path in ROOT.glob("*.*")]
        names = [name for name in names if "__pycache__" not in name]
    else:
        names = [name for name in listing.stdout.split("\0") if name]
    for name in names:
        path = ROOT / name
        if path.is_file() and path.suffix not in {".png", ".parquet"}:
            yield path


@pytest.mark.unit
@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_of_a_lock_is_a_pin_with_hashes_and_no_address(lock: str) -> None:
    assert len(pins(lock)) > 20


@pytest.mark.unit
def test_both_locks_agree_on_every_version_of_the_runtime() -> None:
    runtime, developer = (pins(lock) for lock in LOCKS)
    assert runtime.items() <= developer.items()


@pytest.mark.unit
def test_the_locks_hold_everything_that_is_declared() -> None:
    project, groups = PYPROJECT["project"], PYPROJECT["dependency-groups"]
    runtime = [*project["dependencies"], *PYPROJECT["build-system"]["requires"]]
    developer = [
        *runtime,
        *project["optional-dependencies"]["notebook"],
        *(item for item in groups["dev"] if isinstance(item, str)),
    ]
    for declared, lock in zip((runtime, developer), LOCKS, strict=True):
        missing = {canonical(requirement) for requirement in declared} - pins(lock).keys()
        assert not missing, f"{lock} has no {sorted(missing)}: make it again with .ci/lock"


@pytest.mark.unit
@pytest.mark.parametrize("name", ["run", "tests"])
def test_the_readme_spells_the_same_command_for_both_shells(name: str) -> None:
    bash = [line.removesuffix(" &&") for line in readme_block(f"command: {name}, bash")]
    powershell = [
        re.sub(r"^py ", "python3 ", line).replace(".venv\\Scripts\\", ".venv/bin/")
        for line in readme_block(f"command: {name}, powershell")
    ]
    assert bash == powershell


@pytest.mark.unit
def test_every_line_of_a_bash_command_stops_the_next_one_when_it_fails() -> None:
    for name in ("run", "tests"):
        *steps, last = readme_block(f"command: {name}, bash")
        assert steps
        assert all(step.endswith(" &&") for step in steps)
        assert not last.endswith("&&")


@pytest.mark.unit
def test_ci_takes_its_commands_from_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for name in ("run", "tests"):
        assert f'readme_block "command: {name}, bash"' in script
    assert readme_block("command: tests, bash")[-1] == ".venv/bin/python -m pytest"


@pytest.mark.unit
def test_no_file_names_a_machine_or_a_registry() -> None:
    folders = "|".join(("work", "tmp", "root", "home", "Users"))
    forbidden = re.compile(
        rf"(?<![\w.}}\])*~-])/(?:{folders})/\w|[A-Z]:\\Users|py" + r"pi\.org|python" + r"hosted"
    )
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in tracked_text_files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if forbidden.search(line)
    ]
    assert not found


@pytest.mark.unit
def test_importing_the_package_loads_none_of_its_dependencies() -> None:
    heavy = ("matplotlib", "numba", "numpy", "pandas", "pyarrow", "pydantic", "scipy", "simpy")
    code = f"import disruption_sim, sys; print([n for n in {heavy} if n in sys.modules])"
    printed = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert printed.stdout.strip() == "[]"


@pytest.mark.integration
@pytest.mark.parametrize("name", disruption_sim.__all__)
def test_every_public_name_loads_and_is_listed(name: str) -> None:
    assert getattr(disruption_sim, name) is not None
    assert name in dir(disruption_sim)


@pytest.mark.unit
def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'lode_scenario'"):
        _ = disruption_sim.lode_scenario  # type: ignore[attr-defined]


def imports_of(path: Path) -> Iterator[tuple[str, str]]:
    """Each ``from module import name`` of a file, as (module, name)."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            for alias in node.names:
                yield node.module, alias.name


@pytest.mark.unit
def test_no_module_takes_a_private_name_from_another_package_of_ours() -> None:
    package = ROOT / "disruption_sim"
    taken = []
    for path in package.rglob("*.py"):
        room = path.relative_to(package).parts[0].removesuffix(".py")
        for module, name in imports_of(path):
            top, _, rest = module.partition(".")
            private = any(part.startswith("_") for part in (*rest.split("."), name))
            dunder = name.startswith("__") and name.endswith("__")
            if top == "disruption_sim" and rest.split(".")[0] != room and private and not dunder:
                taken.append(f"{path.relative_to(ROOT)}: from {module} import {name}")
    assert not taken


PACKAGES = (
    "pathology",
    "transfusion",
    "care",
    "disruption",
    "world",
    "scenario",
    "measures",
    "experiment",
    "charts",
    "cli",
)
MODULES = ("__main__", "simulation", "records", "randomness", "grid", "step_function")


def small_house(folder: Path, importer: str, imported: str) -> None:
    """Write a package of ours with empty modules, one of which imports something."""
    package = folder / "disruption_sim"
    for name in PACKAGES:
        (package / name).mkdir(parents=True)
        (package / name / "__init__.py").touch()
    for name in MODULES:
        (package / f"{name}.py").touch()
    (package / "__init__.py").touch()
    target = package / importer
    target = target / "__init__.py" if target.is_dir() else target.with_suffix(".py")
    target.write_text(f"import {imported}\n", encoding="utf-8")
    shutil.copy(ROOT / "pyproject.toml", folder)


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the import contracts on a folder."""
    code = (
        "import sys; sys.path.insert(0, '.'); "
        "from importlinter.cli import lint_imports_command; lint_imports_command()"
    )
    arguments: Sequence[str] = (sys.executable, "-c", code, "--no-cache", "--no-logo")
    return subprocess.run(arguments, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("grid", "disruption_sim.randomness"),
        ("scenario", "disruption_sim.world"),
        ("world", "disruption_sim.care"),
        ("care", "disruption_sim.pathology"),
        ("records", "disruption_sim.simulation"),
        ("measures", "disruption_sim.simulation"),
        ("measures", "simpy"),
        ("simulation", "disruption_sim.measures"),
        ("care", "pandas"),
        ("simulation", "matplotlib"),
        ("transfusion", "pydantic"),
        ("disruption", "ruamel.yaml"),
    ],
)
def test_the_contract_refuses_an_import_against_the_arrows(
    importer: str, imported: str, tmp_path: Path
) -> None:
    small_house(tmp_path, importer, imported)
    outcome = lint(tmp_path)
    assert outcome.returncode == 1
    assert "BROKEN" in outcome.stdout, outcome.stdout + outcome.stderr


@pytest.mark.integration
@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("simulation", "disruption_sim.records"),
        ("measures", "disruption_sim.records"),
        ("care", "disruption_sim.scenario"),
        ("scenario", "pydantic"),
        ("measures", "pandas"),
    ],
)
def test_the_contract_allows_an_import_along_the_arrows(
    importer: str, imported: str, tmp_path: Path
) -> None:
    small_house(tmp_path, importer, imported)
    outcome = lint(tmp_path)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.mark.integration
def test_a_new_module_without_a_place_is_refused(tmp_path: Path) -> None:
    small_house(tmp_path, "cli", "disruption_sim.simulation")
    (tmp_path / "disruption_sim" / "helpers.py").touch()
    outcome = lint(tmp_path)
    assert outcome.returncode == 1
    assert "helpers" in outcome.stdout


@pytest.mark.integration
def test_a_test_without_a_level_is_refused(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path / "tests")
    (tmp_path / "tests" / "test_unmarked.py").write_text("def test_a():\n    assert True\n")
    outcome = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == pytest.ExitCode.USAGE_ERROR
    assert "test_unmarked.py::test_a" in outcome.stdout + outcome.stderr
