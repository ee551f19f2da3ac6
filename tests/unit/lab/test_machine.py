"""What the lab takes over from its machine."""

from pkgci.lab.machine import DEBIAN_NAMES, UBUNTU_NAMES, Mirrors, apt_settings, find_mirrors, pip_index


def test_the_mirror_is_the_one_of_the_machines_own_apt() -> None:
    targets = (
        "http://mirror.test/debian/ bookworm\n"
        "http://mirror.test/debian/ bookworm-updates\n"
        "http://mirror.test/debian-security/ bookworm-security\n"
        "https://other.test/node nodistro\n"
    )
    assert find_mirrors(targets, DEBIAN_NAMES) == Mirrors(
        "http://mirror.test/debian", "http://mirror.test/debian-security"
    )
    assert find_mirrors(targets, UBUNTU_NAMES) is None


def test_backports_and_updates_are_not_taken_for_the_archive_of_security() -> None:
    targets = (
        "http://a.test/debian trixie-backports\nhttp://b.test/debian trixie-updates\nhttp://c.test/debian trixie\n"
    )
    assert find_mirrors(targets, DEBIAN_NAMES) == Mirrors("http://c.test/debian")


def test_a_mirror_on_a_disc_or_with_a_password_is_passed_over() -> None:
    assert find_mirrors("cdrom://Debian trixie\nhttps://me:secret@mirror.test/debian trixie\n", DEBIAN_NAMES) is None


def test_apts_proxy_is_taken_over_and_nothing_else_of_its_settings() -> None:
    dump = (
        'Acquire::http::Proxy "http://proxy.test:3128";\nAcquire::http::Proxy::local.test "DIRECT";\n'
        'APT::Architecture "amd64";\nAcquire::https::Proxy "http://me:secret@proxy.test";\n'
        'Acquire::Check-Valid-Until "false";\n'
    )
    assert apt_settings(dump) == (
        'Acquire::http::Proxy "http://proxy.test:3128";',
        'Acquire::Check-Valid-Until "false";',
    )


def test_pips_index_comes_from_its_files_and_its_environment_without_passwords() -> None:
    text = "[global]\nindex-url = https://pip.test/simple\nextra-index-url = file:///opt/x https://more.test/simple\n"
    assert pip_index([text, "no ini file"], {}) == (
        ("extra-index-url", "https://more.test/simple"),
        ("index-url", "https://pip.test/simple"),
    )
    assert pip_index([text], {"PIP_INDEX_URL": "https://me:secret@pip.test/simple"}) == (
        ("extra-index-url", "https://more.test/simple"),
    )
