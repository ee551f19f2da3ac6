# @summary Where the logs and artifacts of jobs are kept and shown, and the account that takes them in.
#
# Whoever holds the upload key can add files, and can neither change, remove nor read what is there: untrusted code runs on
# the hosts that hold it.
#
# @param uploaders
#   The addresses of the hosts that run jobs.
# @param authorized_key
#   The public half of the upload key.
# @param path
#   Where on the web server they are shown, with a slash at its end.
class profile::log_server (
  Array[Stdlib::IP::Address::Nosubnet, 1] $uploaders,
  String[1]                               $authorized_key,
  Pattern[/\A\/.*\/\z/]                    $path,
) {
  class { 'logs':
    groups => ['pkgci-keys'],
  }
  contain logs

  ssh_access::keys { 'logs':
    keys    => [$authorized_key],
    from    => $uploaders,
    options => ['restrict', "command=\"${logs::receiver}\""],
    require => Class['logs'],
  }

  profile::web::locations { 'logs':
    content => epp('logs/apache.conf.epp', { 'path' => $path.regsubst('/$', ''), 'folder' => $logs::folder }),
    modules => ['autoindex', 'headers'],
    require => Class['logs'],
  }
}
