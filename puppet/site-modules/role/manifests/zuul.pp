# @summary Gates changes and starts jobs.
class role::zuul {
  include profile::base
  include profile::zuul
  include profile::geard
  include profile::web
}
