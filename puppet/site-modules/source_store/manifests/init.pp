# @summary Where upstream's tarballs are kept, and what fetches them: an account of its own, which has nothing to lose.
#
# @param user
#   That account.
# @param folder
#   The store.
# @param days
#   For how many days a tarball stays that no build has used.
class source_store (
  Pattern[/\A[a-z_][a-z0-9_-]*\z/] $user   = 'pkgci-fetch',
  Stdlib::Absolutepath             $folder = '/srv/pkgci/sources',
  Integer[1]                       $days   = 180,
) {
  ensure_resource('package', ['gpg', 'gpgv'], { 'ensure' => 'installed', 'install_options' => ['--no-install-recommends'] })

  user { $user:
    ensure => present,
    system => true,
    home   => $folder,
    shell  => '/usr/sbin/nologin',
  }

  file { $folder:
    ensure => directory,
    owner  => $user,
    group  => $user,
    mode   => '0755',
  }

  leavers::data { $folder: }

  # What is gone is fetched again.
  file { '/etc/tmpfiles.d/pkgci-sources.conf':
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => "# Written by pkgci.\nd ${folder} 0755 ${user} ${user} ${days}d\n",
  }

  package_steps::program { 'fetch-source':
    module => 'fetch.main',
  }
}
