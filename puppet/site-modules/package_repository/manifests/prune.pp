# @summary Removes from the repositories what nobody needs any more, once an hour: pkgci-prune.
#
# @param user
#   The account that the repositories belong to.
# @param home
#   Its home, with everything of theirs.
class package_repository::prune (
  String[1]            $user = 'publisher',
  Stdlib::Absolutepath $home = '/srv/publisher',
) {
  package_steps::program { 'prune':
    module => 'repository_admin.prune',
  }

  ['service', 'timer'].each |String $kind| {
    file { "/etc/systemd/system/pkgci-prune.${kind}":
      ensure  => file,
      owner   => 'root',
      group   => 'root',
      mode    => '0644',
      content => epp("package_repository/pkgci-prune.${kind}.epp", $kind ? {
          'timer' => {},
          default => { 'user' => $user, 'home' => $home },
      }),
      before  => Service['pkgci-prune.timer'],
    }
  }

  service { 'pkgci-prune.timer':
    ensure    => running,
    enable    => true,
    subscribe => File['/etc/systemd/system/pkgci-prune.timer'],
    require   => Package_steps::Program['prune'],
  }
}
