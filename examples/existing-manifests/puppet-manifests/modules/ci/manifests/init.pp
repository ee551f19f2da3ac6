# == Class: ci
#
# What every host of the CI has: its user, and a cron daemon for the clean-up jobs.
#
# === Parameters
#
# [*contact*]
#   Whom to write to about the host.
#
class ci (
  $contact = hiera('ci::contact'),
  $user    = $::ci::params::user,
  $home    = $::ci::params::home,
) inherits ::ci::params {

  group { $user:
    ensure => present,
    system => true,
  }

  user { $user:
    ensure     => present,
    system     => true,
    gid        => $user,
    home       => $home,
    shell      => $::ci::params::shell,
    managehome => true,
    require    => Group[$user],
  }

  package { $::ci::params::cron_package:
    ensure => present,
  }

  service { $::ci::params::cron_service:
    ensure     => running,
    enable     => true,
    hasrestart => true,
    require    => Package[$::ci::params::cron_package],
  }

  file { '/etc/cron.d/ci-cleanup':
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => template('ci/cleanup.cron.erb'),
    require => User[$user],
  }
}
