# Every host is what its roles are. Hiera says which: the key `roles` of the host's own data. A host that leaves the site
# has none any more.
include leavers

lookup('roles', Array[Pattern[/\A[a-z][a-z0-9_]*\z/]]).each |String $role| {
  include "role::${role}"
}

include profile::base
