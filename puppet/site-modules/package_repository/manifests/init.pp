# @summary Signed package repositories for apt and dnf: the accounts that they belong to, their tools and their programs.
#
# Three accounts, so that who looks into what strangers built can change nothing that was reviewed: one publishes what check
# built, one what the gate built, and one what was merged. Nothing of a change ever runs as one of them, and none has a key:
# package_repository::keys has an account of its own that signs.
#
# @param signing_keys
#   Repository (release, review) → the fingerprints of the subkeys that sign it, the oldest first.
# @param accounts
#   Whose repositories → the account. The programs know them by these names (pkgci_steps/repository/places.py).
# @param group
#   The accounts' group: who is in it may ask the signer.
# @param home
#   The folder with everything of theirs; public/ in it is what is served.
class package_repository (
  Hash[Enum['release', 'review'], Array[Pattern[/\A[0-9A-F]{40}\z/], 1], 2]                $signing_keys,
  Hash[Enum['release', 'review', 'gate'], Pattern[/\A[a-z_][a-z0-9_-]*\z/], 3]            $accounts = {
    'release' => 'publisher',
    'review'  => 'pkgci-review',
    'gate'    => 'pkgci-gate',
  },
  Pattern[/\A[a-z_][a-z0-9_-]*\z/]                                                         $group    = 'pkgci-publishing',
  Stdlib::Absolutepath                                                                     $home     = '/srv/publisher',
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

  $user = $accounts['release']

  group { $group:
    ensure => present,
    system => true,
  }

  $accounts.each |String $desk, String $account| {
    user { $account:
      ensure => present,
      system => true,
      home   => $home,
      shell  => '/usr/sbin/nologin',
      groups => [$group],
    }

    # What apt knows of the distributions, and the locks on it and on the account's repositories.
    file { ["${home}/lists/${desk}", "${home}/locks/${desk}"]:
      ensure => directory,
      owner  => $account,
      group  => $account,
      mode   => '0700',
    }
  }

  # The web server passes through.
  file { [$home, "${home}/public", "${home}/lists", "${home}/locks"]:
    ensure => directory,
    owner  => $user,
    group  => $user,
    mode   => '0755',
  }

  leavers::data { $home: }

  # Each program has a folder of its own in it.
  file { "${home}/work":
    ensure => directory,
    owner  => 'root',
    group  => $group,
    mode   => '1770',
  }

  ($accounts - 'release').each |String $desk, String $account| {
    $folder = "${home}/public/${desk}"
    file { $folder:
      ensure => directory,
      owner  => $account,
      group  => $account,
      mode   => '0755',
    }

    # An older pkgci had one account for everything: the repositories, and their locks, which nobody else may open. A
    # package of it that was released has another name among the released ones, and stays theirs.
    $not_released = "'(' ! -path '*/shared/deb/pool/*' -o ! -type f -o -links 1 ')'"
    [$folder, "${home}/locks/${desk}"].each |String $given| {
      exec { "give ${given} to ${account}":
        command  => "find ${given} -depth ${not_released} -execdir chown --no-dereference ${account}:${account} {} +",
        onlyif   => "find ${given} -mindepth 1 -maxdepth 3 ! -user ${account} -print -quit | grep -q .",
        provider => shell,
        path     => ['/usr/bin', '/bin'],
        require  => File[$given],
      }
    }
  }

  # An older pkgci had one folder of lists for a target, whoever asked.
  $desks = $accounts.keys.map |$desk| { "! -name ${desk}" }.join(' ')
  $former = "find ${home}/lists -mindepth 1 -maxdepth 1 ${desks}"
  exec { "remove the lists of an older pkgci in ${home}/lists":
    command  => "${former} -exec rm -rf {} +",
    onlyif   => "${former} -print -quit | grep -q .",
    provider => shell,
    path     => ['/usr/bin', '/bin'],
    require  => File["${home}/lists"],
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
