# @summary Gerrit, where changes are reviewed.
class role::review {
  include profile::base
  include profile::review
  include profile::web
}
