# @summary SSH without passwords.
#
# @param permit_root
#   Whether root may log in with a key: where pkgci itself does.
class profile::sshd (
  Boolean $permit_root,
) {
  class { 'ssh_access':
    permit_root => $permit_root,
  }
}
