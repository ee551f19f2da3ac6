# @summary Where the logs and artifacts of jobs are kept and shown, and the account that takes them in.
#
# Whoever holds the upload key can add files to the folder of the build that he runs, and can neither change, remove nor
# read what is there: untrusted code runs on the hosts that hold it.
#
# @param uploaders
#   The addresses of the hosts that run jobs.
# @param authorized_key
#   The public half of the upload key.
# @param token_key
#   The key that Zuul makes the token of each build with.
# @param path
#   Where on the web server they are shown, with a slash at its end.
# @param days
#   For how many days they stay.
# @param disk
#   How many MB they may take: the oldest go first.
# @param links
#   Where the pages of builds lead to: `gerrit`, without a slash at its end, and `zuul`.
class profile::log_server (
  Array[Stdlib::IP::Address::Nosubnet, 1] $uploaders,
  String[1]                               $authorized_key,
  Sensitive[String[1]]                    $token_key,
  Pattern[/\A\/.*\/\z/]                    $path,
  Integer[1]                              $days,
  Integer[1]                              $disk,
  Struct[{ Optional[gerrit] => Optional[Stdlib::HTTPUrl], Optional[zuul] => Optional[Stdlib::HTTPUrl] }] $links = {},
) {
  class { 'logs':
    token_key => $token_key,
    days      => $days,
    disk      => $disk,
    path      => $path.regsubst('/$', ''),
    links     => $links,
    groups    => ['pkgci-keys'],
  }
  contain logs

  ssh_access::keys { 'logs':
    keys    => [$authorized_key],
    from    => $uploaders,
    options => ['restrict', "command=\"${logs::receiver}\""],
    require => Class['logs'],
  }

  profile::web::locations { 'logs':
    content => $logs::apache,
    modules => ['autoindex', 'env', 'headers', 'rewrite'],
    require => Class['logs'],
  }
}
