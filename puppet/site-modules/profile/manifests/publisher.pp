# @summary The package repositories: what is built for changes is fetched from the build slaves, signed and published.
#
# @param fetch_key
#   The private SSH key by which packages are fetched from the build slaves.
# @param release_signing
#   The secret subkeys that sign released packages, armoured.
# @param review_signing
#   The secret subkeys that sign the repositories of changes under review, armoured.
# @param signing_keys
#   Repository (release, review) → the fingerprints of those subkeys, the oldest first.
# @param agent_user
#   The account that runs jobs: it may call the programs that publish, without arguments, and nothing else of theirs.
# @param path
#   Where on the web server the repositories are, with a slash at its end.
class profile::publisher (
  Sensitive[String[1]]                 $fetch_key,
  Sensitive[String[1]]                 $release_signing,
  Sensitive[String[1]]                 $review_signing,
  Hash[String[1], Array[String[1], 1]] $signing_keys,
  String[1]                            $agent_user,
  Pattern[/\A\/.*\/\z/]                $path,
) {
  # The pages have the certificates in them.
  require profile::ca_certificate
  include profile::repository_keys

  class { 'package_repository':
    signing_keys => $signing_keys,
    require      => Class['profile::repository_keys'],
  }
  contain package_repository

  class { 'package_repository::keys':
    release => $release_signing,
    review  => $review_signing,
  }
  contain package_repository::keys

  class { 'package_repository::refresh':
    require => Class['package_repository', 'package_repository::keys', 'profile::repository_keys'],
  }
  contain package_repository::refresh

  class { 'package_repository::prune':
    require => Class['package_repository'],
  }
  contain package_repository::prune

  # A copy for each account that fetches: ssh takes no key that others read.
  ['review', 'gate'].each |String $desk| {
    file { "/etc/pkgci/keys/fetch_${desk}":
      ensure    => file,
      owner     => $package_repository::accounts[$desk],
      group     => $package_repository::accounts[$desk],
      mode      => '0600',
      content   => $fetch_key,
      show_diff => false,
      backup    => false,
      require   => Class['package_repository'],
    }
  }

  file { '/etc/sudoers.d/pkgci-publisher':
    ensure       => file,
    owner        => 'root',
    group        => 'root',
    mode         => '0440',
    content      => epp('profile/sudoers-publisher.epp', {
        'agent_user' => $agent_user,
        'accounts'   => $package_repository::accounts,
    }),
    validate_cmd => '/usr/sbin/visudo -c -q -f %',
    require      => [Package['sudo'], Class['package_repository']],
  }

  profile::web::locations { 'packages':
    content => epp('package_repository/apache.conf.epp', {
        'path'   => $path.regsubst('/$', ''),
        'folder' => "${package_repository::home}/public",
    }),
    modules => ['headers'],
    require => Class['package_repository'],
  }
}
