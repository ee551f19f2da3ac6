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

  systemd_unit::timer { 'pkgci-prune':
    text     => 'Remove from the package repositories what nobody needs any more, once an hour',
    calendar => 'hourly',
    delay    => '10min',
    service  => systemd_unit::work({
        'text'        => 'Remove from the package repositories what nobody needs any more',
        'command'     => '/usr/local/bin/pkgci-prune',
        'user'        => $user,
        'writes'      => [$home],
        # What it did last: result.json and log.txt.
        'environment' => { 'RESULTS' => "${home}/prune" },
    }),
    require  => Package_steps::Program['prune'],
  }
}
