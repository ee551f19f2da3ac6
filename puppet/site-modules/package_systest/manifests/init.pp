# @summary What boots systems with packages and tests them: the program, its tools, and what lets an account boot some.
#
# A container's systemd manages control groups as on any machine. Those are a part of what the account's own systemd
# has, which therefore runs all the time ("lingers"). That is all that the account is given: no root, no sudo rule.
#
# @param user
#   Who boots systems: the account that runs jobs.
# @param machine
#   In what: a container, or a virtual machine.
class package_systest (
  Pattern[/\A[a-z_][a-z0-9_-]*\z/] $user,
  Enum['container', 'vm']          $machine,
) {
  ensure_resource('package', ['autodep8', 'autopkgtest', 'dpkg-dev', 'libpam-systemd'], {
      'ensure'          => 'installed',
      'install_options' => ['--no-install-recommends'],
  })

  exec { "loginctl enable-linger ${user}":
    path    => ['/usr/bin', '/bin'],
    creates => "/var/lib/systemd/linger/${user}",
    require => Package['libpam-systemd'],
  }

  leavers::trace { "/var/lib/systemd/linger/${user}": }

  package_steps::program { 'systest':
    module => 'systest.main',
  }

  if $machine == 'vm' {
    contain package_systest::vm
  }
}
