# @summary What the programs of all steps share: their library, and what is true of the site.
#
# @param settings
#   The settings, as pkgci/model/packages.py makes them and pkgci_steps/settings.py reads them.
class package_steps (
  Hash[String[1], Data] $settings,
) {
  $library = '/usr/local/lib/pkgci'

  ensure_resource('package', 'python3', { 'ensure' => 'installed', 'install_options' => ['--no-install-recommends'] })

  file { $library:
    ensure => directory,
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
  }

  # A program of an older release goes with it.
  file { "${library}/pkgci_steps":
    ensure  => directory,
    owner   => 'root',
    group   => 'root',
    # Folders get their `x` with it.
    mode    => '0644',
    source  => 'puppet:///modules/package_steps/pkgci_steps',
    recurse => true,
    purge   => true,
    force   => true,
  }

  file { '/etc/pkgci/steps.json':
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => package_steps::to_json($settings),
  }

  # Where everything of packages is on a host, each step's in a folder of its own.
  file { '/srv/pkgci':
    ensure => directory,
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
  }
}
