# @summary Where the logs and artifacts of jobs are kept, and the account that takes them in.
#
# Whoever holds the upload key can add files, and can neither change, remove nor read what is there: untrusted code runs on
# the hosts that hold it.
#
# @param uploaders
#   The addresses of the hosts that run jobs.
# @param authorized_key
#   The public half of the upload key.
class profile::log_server (
  Array[Stdlib::IP::Address::Nosubnet, 1] $uploaders,
  String[1]                               $authorized_key,
) {
  $folder = '/srv/logs'

  package { 'rsync':
    ensure => installed,
  }

  user { 'logs':
    ensure => present,
    system => true,
    home   => $folder,
    shell  => '/bin/sh',
    groups => ['pkgci-keys'],
  }

  file { $folder:
    ensure => directory,
    owner  => 'logs',
    group  => 'logs',
    mode   => '0755',
  }

  ssh_access::keys { 'logs':
    keys    => [$authorized_key],
    from    => $uploaders,
    options => ['restrict', "command=\"/usr/bin/rrsync -wo -no-del -no-overwrite ${folder}\""],
    require => Package['rsync'],
  }
}
