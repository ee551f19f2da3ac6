"""Puppet's own report: counts, failures, what is pending, and the diffs of a noop run."""

import pytest

from pkgci.puppetrun.report import Failure, Pending, diffs, parse_report

HEAD = """\
--- !ruby/object:Puppet::Transaction::Report
host: zuul01
status: failed
transaction_completed: true
noop: {noop}
metrics:
  resources: !ruby/object:Puppet::Util::Metric
    name: resources
    values:
    - - total
      - Total
      - 12
    - - skipped
      - Skipped
      - 1
    - - failed
      - Failed
      - 1
    - - failed_to_restart
      - Failed to restart
      - 1
    - - changed
      - Changed
      - 2
    - - out_of_sync
      - Out of sync
      - 5
    - - corrective_change
      - Corrective change
      - 1
  time: !ruby/object:Puppet::Util::Metric
    name: time
    values:
    - - file
      - File
      - 0.5
    - - package
      - Package
      - 7.25
    - - total
      - Total
      - 7.75
resource_statuses:
"""


def status(name: str, *, changed: bool = False, failed: bool = False, out_of_sync: bool = True, event: str = "") -> str:
    return f"""\
  {name}: !ruby/object:Puppet::Resource::Status
    evaluation_time: 0.25
    failed: {str(failed).lower()}
    failed_to_restart: false
    changed: {str(changed).lower()}
    out_of_sync: {str(out_of_sync).lower()}
    events:
{event or "    - !ruby/object:Puppet::Transaction::Event {property: ensure, status: success, message: done}"}
"""


FAILED = (
    "    - !ruby/object:Puppet::Transaction::Event "
    "{property: ensure, status: failure, message: 'E: Unable to locate package x'}"
)
NOOP = (
    "    - !ruby/object:Puppet::Transaction::Event "
    "{property: ensure, status: noop, previous_value: !ruby/sym absent, desired_value: present, message: m}"
)


def report(*statuses: str, noop: bool = False) -> str:
    return HEAD.format(noop=str(noop).lower()) + "".join(statuses)


def test_the_counts_are_puppets_own() -> None:
    found = parse_report(report(status("File[/a]", changed=True)))
    assert (found.total, found.changed, found.skipped, found.corrective) == (12, 2, 1, 1)
    assert found.changes == ("File[/a]",)


def test_what_changes_under_a_release_that_was_applied_before_is_a_repair() -> None:
    assert parse_report(report(status("File[/a]", changed=True)), repeated=True).corrective == 2
    noop = report(status("Package[y]", event=NOOP), noop=True)
    assert parse_report(noop, repeated=True).corrective == 1


def test_a_service_that_does_not_restart_has_failed() -> None:
    assert parse_report(report(status("File[/a]"))).failed == 2


def test_pending_is_what_is_neither_changed_nor_failed() -> None:
    found = parse_report(
        report(
            status("File[/a]", changed=True),
            status("Package[x]", failed=True, event=FAILED),
            status("Package[y]", event=NOOP),
            status("File[/in/order]", out_of_sync=False),
            noop=True,
        )
    )
    assert found.noop
    assert found.pending == 1
    assert found.waiting == (Pending("Package[y]", ("ensure: absent → present",)),)


def test_a_failure_comes_with_what_puppet_said() -> None:
    found = parse_report(report(status("Package[x]", failed=True, event=FAILED)))
    assert found.failures == (Failure("Package[x]", "E: Unable to locate package x"),)


def test_the_time_is_told_by_resource_type_the_longest_first() -> None:
    assert list(parse_report(report(status("File[/a]"))).seconds.items()) == [("package", 7.25), ("file", 0.5)]


@pytest.mark.parametrize("text", ["", "- 1", "a: [", "metrics: {}", "--- !ruby/object:Puppet::Transaction::Report\n"])
def test_what_is_no_report_is_refused_without_a_traceback(text: str) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        parse_report(text)


def test_a_report_cannot_make_python_objects() -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        parse_report("metrics: !!python/object/apply:os.system ['true']")


LOG = """\
Info: /Stage[main]/Main/File[/etc/motd]: Starting to evaluate the resource (5 of 14)
Notice: /Stage[main]/Main/File[/etc/motd]/content:\x20
--- /etc/motd\t2026-11-23 01:51:28.0 +0000
+++ /tmp/puppet-file20261123-1-x\t2026-11-23 01:51:28.1 +0000
@@ -1,2 +1,2 @@
 hello
-there
+world

Notice: /Stage[main]/Main/File[/etc/motd]/content: content changed '{sha256}d6' to '{sha256}4a' (noop)
--- nobody's
"""


def test_the_diff_of_a_file_is_found_in_the_log() -> None:
    found = diffs(LOG.splitlines())
    assert list(found) == ["/Stage[main]/Main/File[/etc/motd]"]
    assert found["/Stage[main]/Main/File[/etc/motd]"][2:] == ("@@ -1,2 +1,2 @@", " hello", "-there", "+world")


def test_a_command_that_failed_is_told_with_what_it_printed() -> None:
    text = HEAD.format(noop="false") + status("Exec[try]", failed=True, event=FAILED)
    log = [
        "Notice: /Stage[main]/Own/Exec[try]/returns: no such thing",
        "Notice: /Stage[main]/Own/Exec[b]/returns: fine",
    ]
    (failure,) = parse_report(text, log=log).failures
    assert failure.message.endswith("\nno such thing")
