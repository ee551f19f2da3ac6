# @summary What builds packages: the program, its tools, and the place where packages wait for the publisher.
#
# @param user
#   Who builds: the account that runs jobs.
class package_builder (
  Pattern[/\A[a-z_][a-z0-9_-]*\z/] $user,
) {
  ensure_resource('package', ['git', 'git-buildpackage', 'lintian', 'pristine-tar', 'rsync', 'sbuild'], {
      'ensure'          => 'installed',
      'install_options' => ['--no-install-recommends'],
  })

  file { '/srv/pkgci/builds':
    ensure => directory,
    owner  => $user,
    group  => $user,
    mode   => '0755',
  }

  leavers::data { '/srv/pkgci/builds': }

  package_steps::program { 'build':
    module => 'build.main',
  }
}
