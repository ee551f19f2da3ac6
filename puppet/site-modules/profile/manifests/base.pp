# @summary What every host of a site has, whatever its roles.
#
# @param metrics
#   Whether the host offers its metrics to the site's monitoring host.
class profile::base (
  Boolean $metrics,
) {
  include profile::firewall
  include profile::administrators
  include profile::sshd
  include profile::time
  include profile::upgrades
  include profile::journal
  include profile::ca_certificate

  # A machine that went down in the middle of an installation refuses every other one until that is finished.
  exec { 'finish what dpkg began':
    command     => 'dpkg --configure -a --force-confdef --force-confold',
    onlyif      => 'test -n "$(dpkg --audit)"',
    environment => ['DEBIAN_FRONTEND=noninteractive'],
    provider    => shell,
    path        => ['/usr/sbin', '/usr/bin', '/sbin', '/bin'],
    timeout     => 900,
  }
  Exec['finish what dpkg began'] -> Package <| |>

  # What pkgci writes that has no place of its own. What it no longer writes goes: it may have been a secret.
  file { '/etc/pkgci':
    ensure  => directory,
    owner   => 'root',
    group   => 'root',
    mode    => '0755',
    recurse => true,
    purge   => true,
    force   => true,
    backup  => false,
  }

  # Private keys for programs of this host. Each file belongs to the user that needs it; nobody lists the folder, and
  # the keys of a role that the host no longer has go.
  file { '/etc/pkgci/keys':
    ensure  => directory,
    owner   => 'root',
    group   => 'root',
    mode    => '0711',
    recurse => true,
    purge   => true,
    backup  => false,
  }

  if $metrics {
    include profile::node_metrics
  }
}
