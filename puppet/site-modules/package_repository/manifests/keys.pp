# @summary The secret keys that sign the repositories, and the signer: a service of an account that does nothing else.
#
# The keys are in a GnuPG home that nobody else reads. Who publishes hands the signer bytes on a socket; it knows by the kernel
# who asks, signs each account's files with that one's key, parses nothing, and says in the journal what it signed.
#
# @param release
#   The subkeys that sign released packages, armoured.
# @param review
#   The subkeys that sign the repositories of changes under review, armoured.
# @param user
#   The account of the signer.
# @param home
#   Its folder, with the GnuPG home.
# @param folder
#   Where the keys' files are. Nobody lists it.
class package_repository::keys (
  Sensitive[String[1]]             $release,
  Sensitive[String[1]]             $review,
  Pattern[/\A[a-z_][a-z0-9_-]*\z/] $user   = 'pkgci-signer',
  Stdlib::Absolutepath             $home   = '/var/lib/pkgci-signer',
  Stdlib::Absolutepath             $folder = '/etc/pkgci/keys',
) {
  include package_repository

  $import = '/usr/local/libexec/pkgci-import-signing-keys'
  $gnupg  = "${home}/gnupg"
  $files  = ["${folder}/release_signing.asc", "${folder}/review_signing.asc"]

  user { $user:
    ensure => present,
    system => true,
    home   => $home,
    shell  => '/usr/sbin/nologin',
  }

  file { $home:
    ensure => directory,
    owner  => $user,
    group  => $user,
    mode   => '0700',
  }

  $files.zip([$release, $review]).each |Array $pair| {
    file { $pair[0]:
      ensure    => file,
      owner     => $user,
      group     => $user,
      mode      => '0600',
      content   => $pair[1],
      show_diff => false,
      backup    => false,
      before    => Exec[$import],
    }
  }

  ensure_resource('file', '/usr/local/libexec', {
      'ensure' => 'directory',
      'owner'  => 'root',
      'group'  => 'root',
      'mode'   => '0755',
  })

  file { $import:
    ensure => file,
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
    source => 'puppet:///modules/package_repository/import-signing-keys',
  }

  leavers::trace { "${gnupg}*": }

  $arguments = [$gnupg, *$files].join(' ')
  exec { $import:
    command => "${import} ${arguments}",
    unless  => "${import} --check ${arguments}",
    user    => $user,
    cwd     => '/',
    path    => ['/usr/bin', '/bin'],
    require => [Class['package_repository'], File[$import, $home]],
  }

  # In an older pkgci the account that publishes had them.
  $former = "${package_repository::home}/gnupg"
  exec { "remove the keys in ${former}":
    command  => "rm -rf ${former} ${former}-*",
    onlyif   => "ls -d ${former}*",
    provider => shell,
    path     => ['/usr/bin', '/bin'],
    require  => Exec[$import],
  }

  package_steps::program { 'sign':
    module => 'signer.client',
  }
  package_steps::program { 'signer':
    module => 'signer.main',
  }

  ['service', 'socket'].each |String $kind| {
    systemd_unit { "pkgci-signer.${kind}":
      content => epp("package_repository/pkgci-signer.${kind}.epp", $kind ? {
          'socket' => { 'group' => $package_repository::group },
          default  => { 'user' => $user, 'home' => $home },
      }),
      before  => Service['pkgci-signer.socket'],
    }
  }

  service { 'pkgci-signer.socket':
    ensure    => running,
    enable    => true,
    subscribe => Systemd_unit['pkgci-signer.socket'],
    require   => [Package_steps::Program['sign', 'signer'], Exec[$import]],
  }
}
