# == Class: ci::master
#
# The CI's master: knows its slaves, and the administrator's password.
#
class ci::master (
  $slaves   = hiera_hash('ci_slaves', {}),
  $password = hiera('ci_admin_password'),
) {
  include ::ci

  file { '/etc/ci':
    ensure => directory,
    owner  => 'root',
    group  => $::ci::user,
    mode   => '0750',
  }

  file { '/etc/ci/password':
    ensure    => file,
    owner     => 'root',
    group     => $::ci::user,
    mode      => '0640',
    content   => "${password}\n",
    show_diff => false,
  }

  $names = keys($slaves)
  ci::known_slave { $names:
    slaves => $slaves,
  }
}
