# @summary Signed package repositories for apt and dnf: the account that they belong to, its tools and its programs.
#
# Whoever can read the signing keys can publish whatever he likes: nobody but the account can, and nothing of a change ever
# runs as it.
#
# @param signing_keys
#   Repository (release, review) → the fingerprints of the subkeys that sign it, the oldest first.
# @param user
#   The account that the repositories belong to.
# @param home
#   Its home, with everything of theirs; public/ in it is what is served.
class package_repository (
  Hash[Enum['release', 'review'], Array[Pattern[/\A[0-9A-F]{40}\z/], 1], 2] $signing_keys,
  Pattern[/\A[a-z_][a-z0-9_-]*\z/]                                           $user = 'publisher',
  Stdlib::Absolutepath                                                       $home = '/srv/publisher',
) {
  # By these the lists of either distribution are checked, whichever this host has. Debian 12 has none of Ubuntu's.
  $ubuntu = $facts['os']['name'] ? {
    'Debian' => versioncmp($facts['os']['release']['major'], '13') >= 0,
    default  => true,
  }
  $keyrings = ['debian-archive-keyring'] + ($ubuntu ? { true => ['ubuntu-keyring'], default => [] })

  $tools = ['apt-utils', 'createrepo-c', 'distro-info-data', 'gnupg', 'gpg-agent', 'openssh-client', 'rpm', 'rsync', 'zstd']
  ensure_resource('package', $tools + $keyrings, {
      'ensure'          => 'installed',
      'install_options' => ['--no-install-recommends'],
  })

  user { $user:
    ensure => present,
    system => true,
    home   => $home,
    shell  => '/usr/sbin/nologin',
  }

  # The web server passes through.
  file { [$home, "${home}/public"]:
    ensure => directory,
    owner  => $user,
    group  => $user,
    mode   => '0755',
  }

  leavers::data { $home: }

  file { ["${home}/lists", "${home}/locks", "${home}/work"]:
    ensure => directory,
    owner  => $user,
    group  => $user,
    mode   => '0700',
  }

  # The `!` has gpg sign with this very subkey.
  $named = $signing_keys.reduce({}) |Hash $all, Array $one| { $all + { $one[0] => $one[1].map |$key| { "${key}!" } } }

  file { '/etc/pkgci/repository/signing.json':
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => package_steps::to_json($named),
  }

  package_steps::program { 'publish-review':
    module => 'repository.publish_review',
  }
  package_steps::program { 'promote':
    module => 'repository.promote',
  }
}
