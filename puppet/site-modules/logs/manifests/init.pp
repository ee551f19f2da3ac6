# @summary A store of logs to which others add over SSH, the account that takes them in, and the pages that show them.
#
# @param token_key
#   The key that Zuul makes the token of each build with: without it nobody adds to a build's folder.
# @param days
#   For how many days a build's logs stay.
# @param disk
#   How many MB (powers of ten) they may take: the oldest go first.
# @param path
#   Where on the web server they are shown, without a slash at its end.
# @param links
#   Where the pages of builds lead to: `gerrit`, without a slash at its end, and `zuul`.
# @param folder
#   Where the logs are.
# @param groups
#   Further groups of the account `logs`.
class logs (
  Sensitive[String[1]] $token_key,
  Integer[1]           $days,
  Integer[1]           $disk,
  Stdlib::Absolutepath $path,
  Hash                 $links  = {},
  Stdlib::Absolutepath $folder = '/srv/logs',
  Array[String[1]]     $groups = [],
) {
  $library  = '/usr/local/lib/pkgci-logs'
  # What nobody sends anything to: the pages, and whose a growing log is.
  $state    = '/var/lib/pkgci-logs'
  $key_file = '/etc/pkgci/keys/log_token'
  # What an upload is, whatever the client asks for.
  $receiver = "${library}/receive ${folder} ${state} ${key_file} ${disk}"

  # What all pages have in common.
  $web      = '/usr/local/share/pkgci-logs'
  # What the web server is told, in the virtual host that shows them.
  $apache   = epp('logs/apache.conf.epp', {
      'path'   => $path,
      'folder' => $folder,
      'pages'  => "${state}/pages",
      'web'    => $web,
  })

  # A slave on the same host asks for the same.
  ensure_resource('package', ['python3'], { 'ensure' => 'installed', 'install_options' => ['--no-install-recommends'] })

  user { 'logs':
    ensure => present,
    system => true,
    home   => $folder,
    shell  => '/bin/sh',
    groups => $groups,
  }

  file { [$folder, $state, "${state}/pages"]:
    ensure => directory,
    owner  => 'logs',
    group  => 'logs',
    mode   => '0755',
  }

  leavers::data { [$folder, $state]: }

  file { "${state}/streams":
    ensure => directory,
    owner  => 'logs',
    group  => 'logs',
    mode   => '0700',
  }

  file { $key_file:
    ensure    => file,
    owner     => 'logs',
    group     => 'root',
    mode      => '0600',
    content   => $token_key,
    show_diff => false,
    backup    => false,
  }

  contain logs::programs
  contain logs::clean_up
}
