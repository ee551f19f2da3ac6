# @summary Looks after the repositories: the program for people, and a state that says what is true of the site today.
#
# A new site has a first, empty state, so that its page and its lists are there. Where keys, targets or certificates
# have changed, every repository is signed anew. What that needs comes before this class.
#
# @param user
#   The account that the repositories belong to.
class package_repository::refresh (
  String[1] $user = 'publisher',
) {
  package_steps::program { 'repository':
    module => 'repository_admin.main',
  }

  exec { 'pkgci-repository refresh':
    unless  => 'pkgci-repository check',
    user    => $user,
    cwd     => '/',
    umask   => '0022',
    timeout => 1800,
    path    => ['/usr/local/bin', '/usr/bin', '/bin'],
    require => [Package_steps::Program['repository'], File['/etc/pkgci/steps.json']],
  }
}
