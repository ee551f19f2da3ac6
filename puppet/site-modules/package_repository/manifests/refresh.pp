# @summary Looks after the repositories: the program for people, and a state that says what is true of the site today.
#
# A new site has a first, empty state, so that its page and its lists are there. Where keys, targets or certificates
# have changed, every repository is signed anew, each by its own account. What that needs comes before this class.
class package_repository::refresh {
  include package_repository

  package_steps::program { 'repository':
    module => 'repository_admin.main',
  }

  $package_repository::accounts.values.each |String $account| {
    exec { "pkgci-repository refresh as ${account}":
      command => 'pkgci-repository refresh',
      unless  => 'pkgci-repository check',
      user    => $account,
      cwd     => '/',
      umask   => '0022',
      timeout => 1800,
      path    => ['/usr/local/bin', '/usr/bin', '/bin'],
      require => [Package_steps::Program['repository'], File['/etc/pkgci/steps.json']],
    }
  }
}
