# @summary A slave that boots systems with packages and tests them, from roots that it keeps fresh.
#
# @param machine
#   In what they are tested: a container, or a virtual machine.
class profile::package_systest (
  Enum['container', 'vm'] $machine,
) {
  include profile::chroots

  class { 'package_systest':
    user    => $profile::slave::user,
    machine => $machine,
    require => Class['profile::chroots'],
  }
  contain package_systest

  package_chroots::kept { 'system': }
}
