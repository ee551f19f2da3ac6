# == Class: ci::params
#
# What differs between operating systems.
#
class ci::params {
  case $::osfamily {
    'Debian': {
      $cron_package = 'cron'
      $cron_service = 'cron'
    }
    'RedHat': {
      $cron_package = 'cronie'
      $cron_service = 'crond'
    }
    default: {
      fail("Unsupported osfamily: ${::osfamily}")
    }
  }
  $user  = 'ci'
  $home  = '/var/lib/ci'
  $shell = '/bin/bash'
}
