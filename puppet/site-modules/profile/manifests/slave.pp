# @summary A machine on which the Jenkins master runs jobs: the account, its work directory, and the master's way in.
#
# @param masters
#   The addresses that the Jenkins master connects from.
# @param authorized_keys
#   Role → the master's public key for slaves of that role. Every slave role of the host adds its own.
class profile::slave (
  Array[Stdlib::IP::Address::Nosubnet, 1] $masters,
  Hash[String[1], String[1], 1]           $authorized_keys,
) {
  $home = '/srv/jenkins'

  user { 'jenkins':
    ensure => present,
    system => true,
    home   => $home,
    shell  => '/bin/bash',
    groups => ['pkgci-keys'],
  }

  file { $home:
    ensure => directory,
    owner  => 'jenkins',
    group  => 'jenkins',
    mode   => '0750',
  }

  ssh_access::keys { 'jenkins':
    keys    => $authorized_keys.values,
    from    => $masters,
    options => ['restrict'],
  }
}
