"""What the manifests need from Hiera, read from their text."""

from pkgci.render.needs import PuppetClass, missing_keys, parse_classes

MANIFEST = """
# @param port  the port, as in class fake ($x)
class profile::web (
  Integer[1, 65535]            $port,
  Hash[String, Struct[{ 'a' => Optional[String] }]] $rules,
  Optional[String]             $title = undef,
  String                       $greeting = "hello ($port), 'you'",
) inherits profile::params {
  include profile::base
  contain 'profile::tls', ::profile::log
  $key = lookup('site_ca')
  $other = lookup('with_default', String, 'first', 'x')
  class { 'apache': default_vhost => false }
}
class profile::empty { }
"""


def test_a_parameter_without_a_default_is_needed_and_one_with_a_default_is_not() -> None:
    web = next(parse_classes(MANIFEST))
    assert web.name == "profile::web"
    assert web.needs == ("profile::web::port", "profile::web::rules", "site_ca")


def test_included_classes_are_followed_by_name() -> None:
    web = next(parse_classes(MANIFEST))
    assert web.includes == ("profile::base", "profile::tls", "profile::log")


def test_a_class_that_is_given_its_parameters_needs_none_from_hiera() -> None:
    text = "class profile::a { class { 'filter': rules => [] }\n  contain filter\n  include other\n}"
    assert [found.includes for found in parse_classes(text)] == [("other",)]


def test_a_class_without_parameters_needs_nothing() -> None:
    assert list(parse_classes(MANIFEST))[1] == PuppetClass("profile::empty", (), ())


def test_a_missing_key_shows_through_any_number_of_includes() -> None:
    classes = {
        "role::zuul": PuppetClass("role::zuul", (), ("profile::a",)),
        "profile::a": PuppetClass("profile::a", (), ("profile::b", "role::zuul")),
        "profile::b": PuppetClass("profile::b", ("profile::b::port", "profile::b::name"), ()),
    }
    assert missing_keys(["zuul"], classes, frozenset({"profile::b::name"})) == ("profile::b::port",)


def test_the_parameters_of_a_class_that_is_declared_with_them_are_not_needed() -> None:
    text = """
    class profile::fw { class { 'filter': rules => [] } contain filter }
    class filter (Array $rules) { lookup('a') }
    """
    classes = {found.name: found for found in parse_classes(text)}
    classes["role::zuul"] = PuppetClass("role::zuul", (), ("profile::fw",))
    assert missing_keys(["zuul"], classes, frozenset()) == ("a",)
