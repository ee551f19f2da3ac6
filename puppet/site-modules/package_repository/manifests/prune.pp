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

    ['service', 'timer'].each |String $kind| {
      file { "/etc/systemd/system/${unit}.${kind}":
        ensure  => file,
        owner   => 'root',
        group   => 'root',
        mode    => '0644',
        content => epp("package_repository/pkgci-prune.${kind}.epp", $kind ? {
            'timer' => {},
            default => { 'user' => $account, 'home' => $home, 'results' => $results },
        }),
        before  => Service["${unit}.timer"],
      }
    }

    service { "${unit}.timer":
      ensure    => running,
      enable    => true,
      subscribe => File["/etc/systemd/system/${unit}.timer"],
      require   => [Package_steps::Program['prune'], File[$results]],
    }
  }
}
