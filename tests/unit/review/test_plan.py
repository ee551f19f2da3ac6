"""What a deployment of the review would do: only what lacks, and nothing that others have set."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pkgci.cli.main import run
from pkgci.model.site import Site
from pkgci.review.plan import Plan
from tests.unit.review.conftest import PROJECT
from tests.unit.review.fake_gerrit import ADMINISTRATORS, SERVICE_USERS, FakeGerrit, label

Planner = Callable[..., Plan]
CI = "uuid-of-ci-zuul"


def whats(plan: Plan) -> list[str]:
    return [change.what for change in plan.changes]


def lines(plan: Plan) -> list[str]:
    return [line for change in plan.changes for line in change.lines]


def test_a_gerrit_with_its_defaults_lacks_account_group_project_labels_rights_and_requirements(plan: Planner) -> None:
    assert [line.split(" AAAA")[0] for line in lines(plan())] == [
        "+ account zuul",
        "+ SSH key ssh-ed25519",
        "+ member zuul",
        "+ group ci-zuul",
        "+ member zuul",
        f"+ project {PROJECT}",
        "+ branch main",
        '+ [label "Verified"] -2..+2, function = NoBlock',
        '+ [label "Workflow"] -1..+1, function = NoBlock',
        '+ [access "refs/heads/*"] submit = group ci-zuul',
        '+ [access "refs/heads/*"] label-Verified = -2..+2 group ci-zuul',
        '+ [access "refs/heads/*"] label-Workflow = -1..+1 group Registered Users',
        '+ [submit-requirement "Verified"] submittableIf = label:Verified=MAX AND -label:Verified=MIN',
        '+ [submit-requirement "Workflow"] submittableIf = label:Workflow=MAX AND -label:Workflow=MIN',
    ]


def test_a_second_run_changes_nothing(deployed: FakeGerrit, plan: Planner) -> None:
    assert plan().as_wanted
    assert deployed.writes() == []


def test_what_lets_no_change_through_comes_after_what_lets_the_ci_vote(plan: Planner) -> None:
    found = whats(plan())
    last_right = max(index for index, what in enumerate(found) if what.startswith("give"))
    assert min(index for index, what in enumerate(found) if "submit requirement" in what) > last_right


def broken(fake: FakeGerrit, what: str) -> None:
    """Takes one thing away."""
    project = fake.projects[PROJECT]
    heads = project.access["refs/heads/*"]["permissions"]
    if what == "key":
        fake.accounts["zuul"]["keys"].clear()
    elif what in fake.members:
        fake.members[what].remove("zuul")
    elif what == "Verified":
        del project.labels["Verified"]
    elif what == "narrow label":
        project.labels["Verified"] = label("Verified", 0, 1)
    elif what == "narrow vote":
        heads["label-Verified"]["rules"][CI] |= {"min": -1, "max": 1}
    elif what == "denied submit":
        heads["submit"]["rules"][CI]["action"] = "DENY"
    elif what == "streamEvents":
        del fake.projects["All-Projects"].access["GLOBAL_CAPABILITIES"]["permissions"]["streamEvents"]
    elif what == "read":
        del fake.projects["All-Projects"].access["refs/heads/*"]["permissions"]["read"]
    elif what == "requirement":
        del project.requirements["Verified"]
    elif what == "empty requirement":
        project.requirements["Verified"]["submittability_expression"] = "is:true"
    elif what == "branch":
        project.branches.remove("refs/heads/main")
        project.branches.append("refs/heads/other")
    else:
        del heads[what]


@pytest.mark.parametrize(
    ("what", "named"),
    [
        ("key", ["give zuul Zuul's SSH key"]),
        ("Service Users", ["take zuul into Service Users"]),
        ("ci-zuul", ["take zuul into ci-zuul"]),
        ("Verified", ["define the label Verified (-2..+2)"]),
        ("narrow label", ["widen the label Verified (-2..+2)"]),
        ("submit", ["give Submit"]),
        ("denied submit", ["give Submit"]),
        ("read", ["give Read"]),
        ("label-Verified", ["give Label Verified"]),
        ("narrow vote", ["give Label Verified"]),
        ("label-Workflow", ["give Label Workflow"]),
        ("streamEvents", ["allow Stream Events to ci-zuul"]),
        ("requirement", ["add the submit requirement Verified"]),
        ("empty requirement", ["change the submit requirement Verified"]),
        ("branch", ["create the branch main"]),
    ],
)
def test_each_single_thing_that_lacks_is_named_and_mended_alone(
    deployed: FakeGerrit, review_site: Site, plan: Planner, what: str, named: list[str]
) -> None:
    broken(deployed, what)
    assert whats(plan()) == named
    assert run(["deploy-review", "--site", str(review_site.path), "--yes"]) == 0
    assert len(deployed.writes()) == len(named)
    assert plan().as_wanted


def test_rights_that_the_account_has_from_elsewhere_are_not_given_again(fake: FakeGerrit, plan: Planner) -> None:
    fake.project(PROJECT, "refs/heads/main")
    fake.allow("All-Projects", "refs/heads/*", "submit", SERVICE_USERS)
    fake.projects["All-Projects"].labels["Verified"] = label("Verified", -1, 1, function="MaxWithBlock")
    fake.allow("All-Projects", "refs/*", "label-Verified", SERVICE_USERS, min=-1, max=1)
    fake.projects["All-Projects"].labels["Workflow"] = label("Workflow", -1, 1, function="MaxWithBlock")
    fake.allow("All-Projects", "refs/heads/*", "label-Workflow", ADMINISTRATORS, min=-1, max=1)
    assert whats(plan()) == ["create the account zuul", "give zuul Zuul's SSH key", "take zuul into Service Users"]


def test_a_label_whose_votes_suffice_stays_and_one_that_is_too_narrow_for_the_sites_votes_does_not(
    fake: FakeGerrit, plan: Planner
) -> None:
    fake.project(PROJECT, "refs/heads/main")
    fake.projects["All-Projects"].labels["Verified"] = label("Verified", -1, 1)
    assert '+ [access "refs/heads/*"] label-Verified = -1..+1 group ci-zuul' in lines(plan())
    assert '+ [label "Verified"] -2..+2, function = NoBlock' in lines(plan("votes: {check: 1, gate: 2}"))
    assert '+ [label "Verified"] -2..+2' not in " ".join(lines(plan("votes: {check: 1, gate: 1}")))


@pytest.mark.parametrize("overridable", [True, False])
def test_a_requirement_that_asks_for_more_than_the_gate_votes_is_changed_or_left_to_its_owners(
    deployed: FakeGerrit, plan: Planner, overridable: bool
) -> None:
    found = plan("votes: {check: 1, gate: 1}")
    assert whats(found) == ["change the submit requirement Verified"]
    assert "submittableIf = label:Verified>=+1 AND -label:Verified=MIN" in lines(found)[1]
    moved = deployed.projects[PROJECT].requirements.pop("Verified")
    deployed.projects["All-Projects"].requirements["Verified"] = moved
    moved["allow_override_in_child_projects"] = overridable
    found = plan("votes: {check: 1, gate: 1}")
    assert bool(found.changes) is overridable
    assert [one.where for one in found.hindrances] == (
        [] if overridable else ["project.config of All-Projects (its branch refs/meta/config)"]
    )


def test_a_label_that_itself_asks_for_more_than_the_gate_votes_is_left_to_its_owners(
    fake: FakeGerrit, plan: Planner
) -> None:
    fake.project(PROJECT, "refs/heads/main")
    fake.projects["All-Projects"].labels["Verified"] = label("Verified", -2, 2, function="MaxWithBlock")
    (hindrance,) = plan("votes: {check: 1, gate: 1}").hindrances
    assert "asks for +2, and the gate votes +1" in hindrance.what


def test_a_widened_label_keeps_what_its_votes_mean(deployed: FakeGerrit, review_site: Site) -> None:
    broken(deployed, "narrow label")
    assert run(["deploy-review", "--site", str(review_site.path), "--yes"]) == 0
    values = deployed.projects[PROJECT].labels["Verified"]["values"]
    assert values["+1"] == "text 1"
    assert set(values) == {"-2", "-1", " 0", "+1", "+2"}


def test_members_labels_rights_and_requirements_of_others_stay(deployed: FakeGerrit, review_site: Site) -> None:
    project = deployed.projects[PROJECT]
    deployed.members["ci-zuul"].add("other")
    deployed.accounts["zuul"]["keys"].append("ssh-rsa AAAAother other")
    deployed.allow(PROJECT, "refs/heads/*", "submit", "some-group")
    project.labels["Licence"] = label("Licence", -1, 1)
    project.requirements["Licence"] = {"name": "Licence", "submittability_expression": "label:Licence=MAX"}
    project.requirements["Verified"]["submittability_expression"] = "label:Verified=MAX,user=zuul"
    broken(deployed, "label-Verified")
    assert run(["deploy-review", "--site", str(review_site.path), "--yes"]) == 0
    assert "other" in deployed.members["ci-zuul"]
    assert len(deployed.accounts["zuul"]["keys"]) == 2
    assert "some-group" in project.access["refs/heads/*"]["permissions"]["submit"]["rules"]
    assert set(project.labels) == {"Licence", "Verified", "Workflow"}
    assert project.requirements["Verified"]["submittability_expression"] == "label:Verified=MAX,user=zuul"
    assert "Licence" in project.requirements


def test_nothing_is_created_that_the_site_does_not_say(fake: FakeGerrit, plan: Planner) -> None:
    found = plan("")
    assert not any("project" in what or "branch" in what for what in whats(found))
    assert [hindrance.what for hindrance in found.hindrances] == ["Gerrit has no such project"]
    fake.project(PROJECT, "refs/heads/master")
    assert not any("branch" in what for what in whats(plan("")))


def test_an_empty_project_gets_no_branch_but_a_word(fake: FakeGerrit, plan: Planner) -> None:
    fake.project(PROJECT)
    assert [one.hint for one in plan().hindrances] == ["push a commit to it"]


@pytest.mark.parametrize(
    ("project", "ref", "rule", "words"),
    [
        ("All-Projects", "refs/heads/*", {"group": SERVICE_USERS, "action": "BLOCK"}, "blocked"),
        (PROJECT, "refs/heads/main", {"group": ADMINISTRATORS, "exclusive": True}, "exclusive"),
        (PROJECT, "^refs/heads/m.*", {"group": "global:Registered-Users", "action": "BLOCK"}, "blocked"),
    ],
)
def test_what_others_have_set_against_a_right_is_named_with_its_place_and_left_to_people(
    deployed: FakeGerrit, plan: Planner, project: str, ref: str, rule: dict[str, str], words: str
) -> None:
    deployed.allow(project, ref, "submit", rule.pop("group"), **rule)
    found = plan()
    assert found.changes == ()
    (hindrance,) = found.hindrances
    assert words in hindrance.what
    assert "main" in hindrance.what
    assert hindrance.where.endswith(f"Repositories → {project} → Access → {ref}")


def test_a_label_that_a_parent_keeps_to_itself_is_left_to_its_owners(fake: FakeGerrit, plan: Planner) -> None:
    fake.project(PROJECT, "refs/heads/main")
    fake.projects["All-Projects"].labels["Verified"] = label("Verified", 0, 1, can_override=False)
    (hindrance,) = plan().hindrances
    assert "canOverride" in hindrance.hint
    assert "All-Projects" in hindrance.hint


def test_a_gerrit_before_submit_requirements_gets_labels_that_require_their_vote(
    fake: FakeGerrit, plan: Planner
) -> None:
    fake.old = True
    found = lines(plan())
    assert '+ [label "Verified"] -2..+2, function = MaxWithBlock' in found
    assert not any("submit-requirement" in line for line in found)


def test_an_inactive_account_is_left_to_people(deployed: FakeGerrit, plan: Planner) -> None:
    deployed.accounts["zuul"]["active"] = False
    found = plan()
    assert found.changes == ()
    assert "set-account --active zuul" in found.hindrances[0].hint


def test_somebody_whose_full_name_is_the_cis_user_name_gets_nothing_and_people_make_the_account(
    fake: FakeGerrit, plan: Planner, review_site: Site
) -> None:
    fake.accounts["zoe"] = {"id": 42, "name": "zuul", "keys": [], "active": True}
    found = plan()
    assert "account 42 (zoe)" in found.hindrances[0].what
    assert "create-account zuul" in found.hindrances[0].hint
    assert not any("zuul" in change.request.path.split("/") for change in found.changes)
    assert run(["deploy-review", "--site", str(review_site.path), "--yes"]) == 1
    assert fake.accounts["zoe"]["keys"] == []
    assert not any("zoe" in members for members in fake.members.values())
    # As `gerrit create-account` makes it.
    fake.accounts["zuul"] = {"id": 43, "keys": [], "active": True}
    assert run(["deploy-review", "--site", str(review_site.path), "--yes"]) == 0
    assert (len(fake.accounts["zuul"]["keys"]), fake.accounts["zoe"]["keys"]) == (1, [])


def test_nobody_but_administrators_owns_the_group_that_holds_the_rights(deployed: FakeGerrit) -> None:
    assert deployed.owners == {"ci-zuul": ADMINISTRATORS}


def test_a_vote_that_lets_changes_run_is_not_given_to_everybody(fake: FakeGerrit, plan: Planner) -> None:
    fake.project(PROJECT, "refs/heads/main")
    found = plan("", more="zuul: {trust: {approval: {label: Trusted, value: 1}}}\n")
    assert '+ [label "Trusted"] -1..+1, function = NoBlock' in lines(found)
    assert not any("label-Trusted" in line for line in lines(found))
    assert "nobody may vote Trusted+1" in found.hindrances[0].what


def test_where_somebody_decides_what_is_gated_if_only_on_one_branch_it_is_not_given_to_everybody(
    deployed: FakeGerrit, plan: Planner
) -> None:
    broken(deployed, "label-Workflow")
    deployed.projects[PROJECT].branches.append("refs/heads/other")
    deployed.allow(PROJECT, "refs/heads/main", "label-Workflow", ADMINISTRATORS, min=-1, max=1)
    assert plan().as_wanted


def test_the_gates_label_is_the_sites(fake: FakeGerrit, plan: Planner) -> None:
    fake.project(PROJECT, "refs/heads/main")
    fake.allow("All-Projects", "refs/heads/*", "label-Code-Review", ADMINISTRATORS, min=-2, max=2)
    found = plan("", more="zuul: {gate: {label: Code-Review, value: 2}}\n")
    assert not any("Workflow" in line or "Code-Review" in line for line in lines(found))
