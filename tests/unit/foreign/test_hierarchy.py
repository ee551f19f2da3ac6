"""The hierarchy of a release: what pkgci renders, then what the tree has."""

from typing import Any

import pytest
import yaml

from pkgci.errors import UsageError
from pkgci.foreign.hierarchy import merged

OLD = """\
:backends: [yaml]
:hierarchy:
  - roles/%{::role}
  - common
:yaml:
  :datadir: /etc/puppet/environments/production/hieradata
:logger: console
"""


def hierarchy(
    layers: list[str], text: str | None, file: str = "hiera.yaml", folder: str = "hieradata"
) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(merged(layers, text, file, lambda path: path == folder))
    assert data["version"] == 5
    return data


def test_rendered_layers_come_before_the_trees_own() -> None:
    levels = hierarchy(["zuul/site.yaml"], OLD)["hierarchy"]
    assert levels[0] == {
        "name": "from the site file",
        "datadir": "data",
        "data_hash": "yaml_data",
        "paths": ["zuul/site.yaml"],
    }
    assert levels[1]["paths"] == ["roles/%{::role}.yaml", "common.yaml"]


def test_an_absolute_folder_of_a_puppet_master_is_found_in_the_tree() -> None:
    assert hierarchy([], OLD)["hierarchy"][0]["datadir"] == "code/hieradata"
    assert hierarchy([], OLD, "conf/hiera.yaml", "conf/hieradata")["hierarchy"][0]["datadir"] == "code/conf/hieradata"


def test_a_folder_that_the_tree_does_not_have_is_named() -> None:
    with pytest.raises(UsageError, match="/etc/puppet/environments/production/hieradata"):
        hierarchy([], OLD, folder="elsewhere")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [("[yaml]", "[eyaml]", "backend 'eyaml'"), (":logger: console", ":merge_behavior: deeper", ":merge_behavior")],
)
def test_what_cannot_be_translated_is_refused(old: str, new: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        hierarchy([], OLD.replace(old, new))


def test_every_backend_is_a_level_with_the_whole_hierarchy() -> None:
    levels = hierarchy([], OLD.replace("[yaml]", "[yaml, json]") + ":json:\n  :datadir: hieradata\n")["hierarchy"]
    assert [(level["data_hash"], level["paths"][-1]) for level in levels] == [
        ("yaml_data", "common.yaml"),
        ("json_data", "common.json"),
    ]


def test_a_version_5_file_keeps_its_levels_with_folders_seen_from_the_release() -> None:
    text = """\
version: 5
defaults: {datadir: hieradata, data_hash: yaml_data}
hierarchy:
  - {name: roles, path: "roles/%{role}.yaml"}
  - {name: secrets, lookup_key: eyaml_lookup_key, paths: [s.eyaml], datadir: private}
  - {name: shared, path: x.yaml, datadir: /srv/hiera}
"""
    data = hierarchy(["a.yaml"], text, "conf/hiera.yaml")
    assert data["defaults"] == {"data_hash": "yaml_data"}
    folders = [level["datadir"] for level in data["hierarchy"]]
    assert folders == ["data", "code/conf/hieradata", "code/conf/private", "/srv/hiera"]
    assert data["hierarchy"][2]["lookup_key"] == "eyaml_lookup_key"


def test_without_a_file_of_the_trees_own_only_the_rendered_layers_are_there() -> None:
    assert len(hierarchy(["a.yaml"], None)["hierarchy"]) == 1
    assert hierarchy([], None)["hierarchy"] == []


@pytest.mark.parametrize("text", ["- a\n", "version: 5\nhierarchy: none\n", "a: [\n", ":backends: yaml\n"])
def test_a_file_that_is_no_hiera_yaml_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"the tree's hiera\.yaml"):
        hierarchy([], text)
