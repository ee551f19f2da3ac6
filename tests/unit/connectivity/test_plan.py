"""What is said to a probe, and what is read from it."""

from pkgci.connectivity.matrix import OPERATOR
from pkgci.connectivity.plan import (
    SSH_STAGGER,
    Outcome,
    perl_program,
    plan_text,
    python_program,
    read_answer,
    ssh_turns,
)
from pkgci.model.site import Site
from tests.unit.connectivity.test_judge import KEY
from tests.unit.connectivity.test_matrix import check, whole


def plan_of(site: Site, vantage: str, target: str, number: int) -> list[str]:
    """The fields of one line of a plan."""
    found = whole(site)
    item = check(found, vantage, target, number)
    text = plan_text([item], [], {"build01": (KEY,)}, None, ssh_turns(found.port_checks))
    return text.splitlines()[-1].split("\t")[2:]


def test_what_should_be_open_is_tried_twice_and_asked_what_it_is(site: Site) -> None:
    assert plan_of(site, "jenkins01", "zuul01", 4730) == [
        *("203.0.113.10", "4730", "2", "0.00", "gearman", "zuul01.pkg.example.org", "")
    ]


def test_what_should_be_closed_is_tried_once_and_asked_nothing(site: Site) -> None:
    assert plan_of(site, "build01", "zuul01", 4730)[2:5] == ["1", "0.00", "tcp"]


def test_the_recorded_type_of_host_key_is_asked_for(site: Site) -> None:
    assert plan_of(site, "jenkins01", "build01", 2222)[-1] == "ssh-ed25519"
    assert plan_of(site, "jenkins01", "install01", 22)[-1].startswith("ssh-ed25519,ecdsa")


def test_the_places_that_go_to_one_sshd_take_turns(site: Site) -> None:
    found = whole(site)
    turns = ssh_turns(found.port_checks)
    at_log = [turns[item.number] for item in found.port_checks if item.number in turns and item.target == "log01"]
    assert at_log == list(range(len(at_log))) and len(at_log) > 4
    last = check(found, OPERATOR, "log01", 22)
    delay = plan_text([last], [], {}, None, turns).splitlines()[-1].split("\t")[5]
    assert float(delay) == round((len(at_log) - 1) * SSH_STAGGER, 2)


def test_the_plan_travels_inside_the_program(site: Site) -> None:
    found = whole(site)
    text = plan_text([], found.name_checks[:2], {}, "-----BEGIN 'CERTIFICATE'\\", {})
    assert repr(text) in python_program(text)
    assert perl_program(text).endswith(f"__END__\n{text}")


def test_lines_that_are_no_answers_are_passed_over() -> None:
    answer = read_answer("Welcome to zuul01\n7\topen\tms=3\tbanner=SSH-2.0-a=b\nx\topen\n8\tmaybe\n9\trefused\n")
    assert answer.observations[7].facts == {"ms": "3", "banner": "SSH-2.0-a=b"}
    assert {number: item.outcome for number, item in answer.observations.items()} == {
        7: Outcome.OPEN,
        9: Outcome.REFUSED,
    }


def test_an_answer_that_was_cut_off_is_known_to_be() -> None:
    assert not read_answer("1\topen\n").complete
    assert read_answer("1\topen\ndone\t1\n").complete
