# @summary What tests the packages of changes: the programs, their tools, and what they remember of released packages.
#
# @param user
#   Who tests: the account that runs jobs.
class package_tester (
  Pattern[/\A[a-z_][a-z0-9_-]*\z/] $user,
) {
  ensure_resource('package', ['dose-distcheck'], {
      'ensure'          => 'installed',
      'install_options' => ['--no-install-recommends'],
  })

  file { '/srv/pkgci/contents':
    ensure => directory,
    owner  => $user,
    group  => $user,
    mode   => '0755',
  }

  leavers::data { '/srv/pkgci/contents': }

  # What a package has in it is forgotten once no test asked for it in that time.
  file { '/etc/tmpfiles.d/pkgci-contents.conf':
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => "e /srv/pkgci/contents - - - 60d\n",
  }

  package_steps::program {
    'install-test': module => 'install.main';
    'repotest':     module => 'repotest.main';
  }
}
