# @summary The Java that Jenkins and its agents run on, without what only a desktop needs.
#
# @param package
#   The distribution's package.
class java (
  String[1] $package = 'openjdk-21-jre-headless',
) {
  # Systems without manual pages lack the folder, and the package's own script fails without it.
  file { '/usr/share/man/man1':
    ensure => directory,
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
  }

  package { $package:
    ensure          => installed,
    install_options => ['--no-install-recommends'],
    require         => File['/usr/share/man/man1'],
  }
}
