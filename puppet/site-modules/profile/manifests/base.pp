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

  # What pkgci writes that has no place of its own.
  file { '/etc/pkgci':
    ensure => directory,
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
  }

  # Private keys for programs of this host. Each file belongs to the user that needs it; nobody lists the folder.
  file { '/etc/pkgci/keys':
    ensure => directory,
    owner  => 'root',
    group  => 'root',
    mode   => '0711',
  }

  if $metrics {
    include profile::node_metrics
  }
}
