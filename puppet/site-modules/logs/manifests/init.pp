# @summary A store of logs to which others add over SSH, and the account that takes them in.
#
# @param folder
#   Where the logs are.
# @param groups
#   Further groups of the account `logs`.
class logs (
  Stdlib::Absolutepath $folder = '/srv/logs',
  Array[String[1]]     $groups = [],
) {
  # What an upload is, whatever the client asks for: new files below the folder, and nothing else. Links that come along
  # lead nowhere. Several hosts upload at once.
  $receiver = "/usr/bin/rrsync -wo -munge -no-del -no-lock -no-overwrite ${folder}"

  # A slave on the same host asks for the same.
  ensure_resource('package', 'rsync', { 'ensure' => 'installed', 'install_options' => ['--no-install-recommends'] })

  user { 'logs':
    ensure => present,
    system => true,
    home   => $folder,
    shell  => '/bin/sh',
    groups => $groups,
  }

  file { $folder:
    ensure => directory,
    owner  => 'logs',
    group  => 'logs',
    mode   => '0755',
  }
}
