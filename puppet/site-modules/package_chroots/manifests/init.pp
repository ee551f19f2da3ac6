# @summary What makes warm chroots and roots of tests: the program, its tools, and user namespaces for who runs it.
#
# They are made at night and on first demand, never by Puppet: a host is there soon, whatever a mirror does.
#
# @param user
#   Who makes and uses them: the account that runs jobs.
# @param first_id
#   The first of the 65536 identities that the account's user namespaces have. The default is above what useradd gives
#   to people (SUB_UID_MAX, login.defs(5)) and what systemd-nspawn takes (524288 to 1879048191).
class package_chroots (
  Pattern[/\A[a-z_][a-z0-9_-]*\z/] $user,
  Integer[65536, 4294836223]       $first_id = 1900000000,
) {
  include package_steps

  # What vouches for the packages of either distribution, whichever this host has. Debian 12 has none of Ubuntu's.
  $ubuntu = $facts['os']['name'] ? {
    'Debian' => versioncmp($facts['os']['release']['major'], '13') >= 0,
    default  => true,
  }
  $keyrings = ['debian-archive-keyring'] + ($ubuntu ? { true => ['ubuntu-keyring'], default => [] })

  ensure_resource('package', ['mmdebstrap', 'uidmap', 'distro-info-data'] + $keyrings, {
      'ensure'          => 'installed',
      'install_options' => ['--no-install-recommends'],
  })

  if $package_steps::settings['targets'].any |String $_name, Hash $target| { $target['backend'] == 'mock' } {
    contain package_chroots::el
  }

  # useradd gives system accounts none.
  ['/etc/subuid', '/etc/subgid'].each |String $file| {
    file_line { "${file}: ${user}":
      path  => $file,
      line  => "${user}:${first_id}:65536",
      match => "^${user}:",
    }
  }

  # Some distributions keep ordinary users from namespaces; what a kernel does not know is left out ('-').
  file { '/etc/sysctl.d/60-pkgci-namespaces.conf':
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => "-kernel.unprivileged_userns_clone = 1\n-kernel.apparmor_restrict_unprivileged_userns = 0\n",
    notify  => Exec['apply the settings of namespaces'],
  }

  exec { 'apply the settings of namespaces':
    command     => '/usr/lib/systemd/systemd-sysctl /etc/sysctl.d/60-pkgci-namespaces.conf',
    refreshonly => true,
  }

  file { ['/srv/pkgci/chroots', '/srv/pkgci/work']:
    ensure => directory,
    owner  => $user,
    group  => $user,
    mode   => '0755',
  }

  leavers::data { ['/srv/pkgci/chroots', '/srv/pkgci/work']: }

  package_steps::program { 'chroots':
    module => 'chroots.main',
  }
}
