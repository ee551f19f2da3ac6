# Every host is what its roles are. Hiera says which: the key `roles` of the host's own data.
lookup('roles', Array[Pattern[/\A[a-z][a-z0-9_]*\z/], 1]).each |String $role| {
  include "role::${role}"
}
