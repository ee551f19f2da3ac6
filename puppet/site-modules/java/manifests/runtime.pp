# @summary One release of Java, from the distribution's packages. A host may have several.
#
# @param release
#   The release, as in '21'.
define java::runtime (
  Pattern[/\A\d+\z/] $release = $title,
) {
  # Systems without manual pages lack the folder, and the package's own script fails without it.
  ensure_resource('file', '/usr/share/man/man1', {
      'ensure' => 'directory',
      'owner'  => 'root',
      'group'  => 'root',
      'mode'   => '0755',
  })

  package { "openjdk-${release}-jre-headless":
    ensure          => installed,
    install_options => ['--no-install-recommends'],
    require         => File['/usr/share/man/man1'],
  }
}
