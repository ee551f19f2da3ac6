# @summary Fetches upstream's tarballs for builds, which have no network: jobs ask for them, through sudo.
class profile::source_store {
  require profile::ca_certificate
  require profile::slave

  contain source_store

  file { '/etc/sudoers.d/pkgci-source-store':
    ensure       => file,
    owner        => 'root',
    group        => 'root',
    mode         => '0440',
    content      => epp('profile/sudoers-source-store.epp', {
        'agent_user' => $profile::slave::user,
        'user'       => $source_store::user,
    }),
    validate_cmd => '/usr/sbin/visudo -c -q -f %',
    require      => [Package['sudo'], Class['source_store']],
  }
}
