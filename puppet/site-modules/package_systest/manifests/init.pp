# @summary What boots systems with packages and tests them: the program and its tools.
#
# A container's systemd manages control groups as on any machine. Those are a part of the job's own.
#
# @param user
#   Who boots systems: the account that runs jobs.
# @param machine
#   In what: a container, or a virtual machine.
class package_systest (
  Pattern[/\A[a-z_][a-z0-9_-]*\z/] $user,
  Enum['container', 'vm']          $machine,
) {
  ensure_resource('package', ['autodep8', 'autopkgtest', 'dpkg-dev'], {
      'ensure'          => 'installed',
      'install_options' => ['--no-install-recommends'],
  })

  # The account's own systemd, in which containers once were, is of no use any more.
  file { "/var/lib/systemd/linger/${user}":
    ensure => absent,
  }

  leavers::trace { "/var/lib/systemd/linger/${user}": }

  package_steps::program { 'systest':
    module => 'systest.main',
  }

  if $machine == 'vm' {
    contain package_systest::vm
  }
}
