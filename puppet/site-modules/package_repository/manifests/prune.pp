# @summary Removes from the repositories what nobody needs any more, once an hour: pkgci-prune, as each of their accounts.
#
# @param accounts
#   What the unit's name ends with → the account that it runs as.
# @param home
#   The folder with everything of theirs.
class package_repository::prune (
  Hash[Pattern[/\A(-[a-z]+)?\z/], String[1]] $accounts = {
    ''        => 'publisher',
    '-review' => 'pkgci-review',
    '-gate'   => 'pkgci-gate',
  },
  Stdlib::Absolutepath                       $home     = '/srv/publisher',
) {
  package_steps::program { 'prune':
    module => 'repository_admin.prune',
  }

  $accounts.each |String $suffix, String $account| {
    $unit    = "pkgci-prune${suffix}"
    $results = "${home}/prune${suffix}"

    # What it did last: result.json and log.txt.
    file { $results:
      ensure => directory,
      owner  => $account,
      group  => $account,
      mode   => '0755',
    }

    systemd_unit::timer { $unit:
      text     => 'Remove from the package repositories what nobody needs any more, once an hour',
      calendar => 'hourly',
      delay    => '10min',
      service  => systemd_unit::work({
          'text'        => 'Remove from the package repositories what nobody needs any more',
          'command'     => '/usr/local/bin/pkgci-prune',
          'user'        => $account,
          'writes'      => [$home],
          'environment' => { 'RESULTS' => $results },
      }),
      require  => [Package_steps::Program['prune'], File[$results]],
    }
  }
}
