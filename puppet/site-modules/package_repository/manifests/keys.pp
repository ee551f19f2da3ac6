# @summary The secret keys that sign the repositories, in a GnuPG home that only their account can read.
#
# @param release
#   The subkeys that sign released packages, armoured.
# @param review
#   The subkeys that sign the repositories of changes under review, armoured.
# @param folder
#   Where the keys' files are. Nobody lists it.
class package_repository::keys (
  Sensitive[String[1]] $release,
  Sensitive[String[1]] $review,
  Stdlib::Absolutepath $folder = '/etc/pkgci/keys',
) {
  include package_repository

  $import = '/usr/local/libexec/pkgci-import-signing-keys'
  $gnupg  = "${package_repository::home}/gnupg"
  $files  = ["${folder}/release_signing.asc", "${folder}/review_signing.asc"]

  $files.zip([$release, $review]).each |Array $pair| {
    file { $pair[0]:
      ensure    => file,
      owner     => $package_repository::user,
      group     => $package_repository::user,
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
    user    => $package_repository::user,
    cwd     => '/',
    path    => ['/usr/bin', '/bin'],
    require => [Class['package_repository'], File[$import]],
  }
}
