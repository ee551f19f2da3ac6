# @summary Removes from the repositories what nobody needs any more, once an hour: pkgci-prune, as each of their accounts.
class package_repository::prune {
  include package_repository

  package_steps::program { 'prune':
    module => 'repository_admin.prune',
  }

  $home = $package_repository::home
  $package_repository::accounts.each |String $desk, String $account| {
    $suffix  = $desk ? { 'release' => '', default => "-${desk}" }
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
