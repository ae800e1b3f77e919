"""``comity agency``, ``dataset``, ``catalogue`` and ``terms``, as a data steward uses them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from comity.cli.agency import agency
from comity.cli.catalogue import catalogue
from comity.cli.dataset import dataset
from comity.cli.terms import terms
from comity.stores import settings
from comity.stores.catalogue_folder import CatalogueFolder

GROUPS = {"agency": agency, "catalogue": catalogue, "dataset": dataset, "terms": terms}


def comity(*words: object) -> Result:
    first, *rest = map(str, words)
    return CliRunner().invoke(GROUPS[first], rest)


@pytest.fixture
def node(tmp_path: Path) -> Path:
    folder = tmp_path / "node"
    (folder / "catalogue").mkdir(parents=True)
    settings.write(folder / "comity.toml", name="node", title="Harbour", identity="node-1", log="comity.node-1")
    assert comity("agency", "add", folder, "health", "Harbour City Health").exit_code == 0
    return folder


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text("person_id,name,sex\n" + "".join(f"{i},Secret{i},{'fm'[i % 2]}\n" for i in range(50)), "utf-8")
    return path


def test_a_file_is_described_and_said_where(node: Path, file: Path) -> None:
    """A table of proposals, the place of the YAML, and what to do next; no value of the data."""
    found = comity("dataset", "add", node, file, "--agency", "health", "--name", "patients")
    assert found.exit_code == 0, found.output
    assert "subject-key" in found.output
    assert str(node / "catalogue" / "health.patients.yaml") in found.output
    assert "Next: read it" in found.output
    assert "Secret" not in found.output
    described = CatalogueFolder(node).catalogue.datasets["health.patients"]
    assert described.status == "proposed"


def test_a_file_outside_the_node_is_listed_so_that_engines_may_read_it(node: Path, file: Path) -> None:
    """The data stay where they are, and comity.toml keeps its comments."""
    before = (node / "comity.toml").read_text("utf-8")
    comity("dataset", "add", node, file, "--agency", "health", "--name", "patients")
    after = (node / "comity.toml").read_text("utf-8")
    assert settings.read(node / "comity.toml").connections == {"health.patients": str(file.resolve())}
    assert [line for line in after.splitlines() if line not in before.splitlines()] == [
        f'"health.patients" = "{file.resolve()}"'
    ]
    assert comity("dataset", "profile", node, "health.patients").exit_code == 0


def test_a_file_inside_the_node_is_named_by_its_path(node: Path, file: Path) -> None:
    """Nothing needs to be listed."""
    (node / "data").mkdir()
    inside = file.rename(node / "data" / "people.csv")
    comity("dataset", "add", node, inside, "--agency", "health", "--name", "patients", "--yes")
    described = CatalogueFolder(node).catalogue.datasets["health.patients"]
    assert (described.source.location, described.status) == ("data/people.csv", "confirmed")
    assert settings.read(node / "comity.toml").connections == {}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nope.csv", "--agency", "health", "--name", "x"), "is not there"),
        (("FILE", "--agency", "police", "--name", "x"), "no agency `police`"),
        (("FILE", "--agency", "health", "--name", "../../x"), "not a plain word"),
        (("FILE", "--agency", "../health", "--name", "x"), "not a plain word"),
        (("FILE", "--agency", "health", "--name", "X"), "not a plain word"),
        (("FOLDER", "--agency", "health", "--name", "x"), "no known ending"),
        (("EMPTY", "--agency", "health", "--name", "x"), "is empty"),
    ],
)
def test_bad_input_is_one_clear_error_and_leaves_nothing(words: tuple[str, ...], said: str, node: Path, file: Path) -> None:
    """Neither a description nor a line in comity.toml."""
    empty = file.with_name("empty.csv")
    empty.touch()
    places = {"FILE": file, "FOLDER": node, "EMPTY": empty}
    before = sorted((p.name, p.read_bytes()) for p in node.rglob("*") if p.is_file())
    found = comity("dataset", "add", node, *(places.get(w, w) for w in words))
    assert found.exit_code in (1, 3)
    assert said in found.stderr
    assert "next:" in found.stderr
    assert sorted((p.name, p.read_bytes()) for p in node.rglob("*") if p.is_file()) == before


def test_a_described_dataset_is_never_overwritten(node: Path, file: Path) -> None:
    """A steward's edits are worth more than a second profile."""
    words = ("dataset", "add", node, file, "--agency", "health", "--name", "patients")
    comity(*words)
    path = node / "catalogue" / "health.patients.yaml"
    path.write_text(path.read_text("utf-8") + "# my remark\n", "utf-8")
    assert "described already" in comity(*words).stderr
    assert path.read_text("utf-8").endswith("# my remark\n")


def test_an_agency_is_added_without_losing_remarks(node: Path) -> None:
    """agencies.yaml belongs to the stewards."""
    path = node / "catalogue" / "agencies.yaml"
    path.write_text(path.read_text("utf-8") + "  # ask Ann before adding more\n", "utf-8")
    assert comity("agency", "add", node, "housing", 'The "Housing" Office: east').exit_code == 0
    assert "# ask Ann" in path.read_text("utf-8")
    assert CatalogueFolder(node).catalogue.agencies["housing"].name == 'The "Housing" Office: east'
    assert "there already" in comity("agency", "add", node, "housing", "Again").stderr
    assert "not an agency's code" in comity("agency", "add", node, "../up", "Up").stderr
    assert "has no name" in comity("agency", "add", node, "empty", " ").stderr


def test_a_wrong_line_in_a_description_is_named(node: Path, file: Path) -> None:
    """With the file, the line and the repair."""
    comity("dataset", "add", node, file, "--agency", "health", "--name", "patients")
    path = node / "catalogue" / "health.patients.yaml"
    path.write_text(path.read_text("utf-8").replace("role: subject-key", "role: subjectkey"), "utf-8")
    found = comity("catalogue", "check", node)
    assert found.exit_code == 1
    assert "health.patients.yaml:" in found.stderr
    assert "Did you mean `subject-key`?" in found.stderr


def test_quality_is_checked_and_fails_loudly(node: Path, file: Path) -> None:
    """Exit status 1 where a rule is not met."""
    comity("dataset", "add", node, file, "--agency", "health", "--name", "patients")
    assert comity("dataset", "check", node, "health.patients").exit_code == 0
    path = node / "catalogue" / "health.patients.yaml"
    path.write_text(path.read_text("utf-8").replace("complete(person_id) >= 0.99", "unique(sex)"), "utf-8")
    found = comity("dataset", "check", node, "health.patients")
    assert (found.exit_code, "NO" in found.stdout) == (1, True)


def test_a_column_that_left_or_came_is_reported(node: Path, file: Path) -> None:
    """So that a steward sees drift before an analyst does."""
    comity("dataset", "add", node, file, "--agency", "health", "--name", "patients")
    file.write_text(file.read_text("utf-8").replace("person_id,name,sex", "person_id,name,gender"), "utf-8")
    found = comity("dataset", "profile", node, "health.patients")
    assert found.exit_code == 1
    assert "gone: sex" in found.stderr
    assert "new: gender" in found.stderr


def test_the_catalogue_is_exported(node: Path, file: Path) -> None:
    """Both profiles, both forms."""
    comity("dataset", "add", node, file, "--agency", "health", "--name", "patients")
    for profile in ("dcat-ap", "dcat-us"):
        assert "a dcat:Dataset" in comity("catalogue", "export", node, "--profile", profile).stdout
        found = comity("catalogue", "export", node, "--profile", profile, "--format", "json-ld").stdout
        assert "health.patients" in json.dumps(json.loads(found))


def test_lists_are_there_for_people_and_programs(node: Path, file: Path) -> None:
    """--json everywhere."""
    comity("dataset", "add", node, file, "--agency", "health", "--name", "patients")
    assert json.loads(comity("agency", "list", node, "--json").stdout)[0]["datasets"] == 1
    assert json.loads(comity("dataset", "list", node, "--json").stdout)[0]["status"] == "proposed"
    assert len(json.loads(comity("dataset", "show", node, "health.patients", "--json").stdout)) == 3
    assert "There are: health.patients" in comity("dataset", "show", node, "health.nope").stderr


def test_words_are_found(node: Path) -> None:
    """By code, label, alias or meaning, with the node's own among them."""
    assert "comity:SchoolAttendanceSupport" in comity("terms", "purposes", "school").stdout
    assert json.loads(comity("terms", "consent", "--json").stdout)[0]["code"] == "dpv:ConsentGiven"
    (node / "terms.yaml").write_text(
        "terms:\n  city:Tide: {broader: comity:EmergencyManagement, meaning: Storm tides.}\n", "utf-8"
    )
    assert "city:Tide" in comity("terms", "purposes", "--node", node).stdout
    (node / "terms.yaml").write_text("terms:\n  city:Tide: {broader: comity:Nothing, meaning: Storm tides.}\n", "utf-8")
    found = comity("terms", "purposes", "--node", node)
    assert (found.exit_code, "line 2" in found.stderr) == (1, True)


def test_a_folder_that_is_no_node_is_said_to_be_none(tmp_path: Path) -> None:
    """With the way to make one."""
    found = comity("agency", "list", tmp_path)
    assert found.exit_code == 3
    assert "comity init" in found.stderr
