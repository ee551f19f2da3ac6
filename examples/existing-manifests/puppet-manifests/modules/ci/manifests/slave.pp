# == Class: ci::slave
#
# A machine that runs jobs: the master may log in as the CI's user.
#
class ci::slave (
  $executors   = 1,
  $master_keys = hiera_array('ci_master_keys', []),
) {
  include ::ci

  file { "${::ci::home}/.ssh":
    ensure  => directory,
    owner   => $::ci::user,
    group   => $::ci::user,
    mode    => '0700',
    require => User[$::ci::user],
  }

  file { "${::ci::home}/.ssh/authorized_keys":
    ensure  => file,
    owner   => $::ci::user,
    group   => $::ci::user,
    mode    => '0600',
    content => template('ci/authorized_keys.erb'),
  }

  file { "${::ci::home}/executors":
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => "${executors}\n",
    require => User[$::ci::user],
  }
}
