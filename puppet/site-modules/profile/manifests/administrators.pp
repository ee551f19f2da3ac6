# @summary The people who look after the site: an account with sudo on every host, and their keys as the only way in.
#
# Somebody who is no longer named loses keys and sudo at the next run; the account and its files stay.
#
# @param keys
#   User name → public SSH keys.
# @param login
#   The user as whom pkgci logs in. The account and its own authorized_keys are never touched.
class profile::administrators (
  Hash[Pattern[/\A[a-z_][a-z0-9_-]{0,31}\z/], Array[String[1], 1]] $keys,
  String[1]                                                       $login,
) {
  package { 'sudo':
    ensure => installed,
  }

  $people = keys($keys) - [$login, 'root']

  $people.each |String $name| {
    user { $name:
      ensure     => present,
      home       => "/home/${name}",
      managehome => true,
      shell      => '/bin/bash',
      groups     => ['pkgci-keys'],
      tag        => 'stays',
    }
  }

  $keys.each |String $name, Array[String[1]] $lines| {
    ssh_access::keys { $name:
      keys => $lines,
    }
  }

  file { '/etc/sudoers.d/pkgci-administrators':
    ensure       => file,
    owner        => 'root',
    group        => 'root',
    mode         => '0440',
    content      => epp('profile/sudoers.epp', { 'people' => $people }),
    validate_cmd => '/usr/sbin/visudo -c -q -f %',
    require      => Package['sudo'],
  }
}
