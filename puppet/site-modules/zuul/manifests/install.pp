# @summary Zuul's account, its folders, and its virtual environment with the compatibility module.
class zuul::install {
  assert_private()

  # Others of the host may need them too.
  ensure_resource('package', ['git', 'logrotate'], {
      'ensure'          => 'installed',
      'install_options' => ['--no-install-recommends'],
  })

  user { 'zuul':
    ensure => present,
    system => true,
    home   => $zuul::home,
    shell  => '/usr/sbin/nologin',
  }

  # The web server passes through to the merger's repositories. Nobody lists the folder.
  file { $zuul::home:
    ensure => directory,
    owner  => 'zuul',
    group  => 'zuul',
    mode   => '0711',
  }

  file { [$zuul::git, $zuul::vouched, "${zuul::vouched}/tested", "${zuul::vouched}/merged"]:
    ensure => directory,
    owner  => 'zuul',
    group  => 'zuul',
    mode   => '0755',
  }

  # What was tested a quarter of a year ago is tested again before it is published.
  file { '/etc/tmpfiles.d/zuul-vouched.conf':
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => "# Written by pkgci.\nd ${zuul::vouched}/tested 0755 zuul zuul 90d\nd ${zuul::vouched}/merged 0755 zuul zuul 90d\n",
  }

  file { $zuul::logs:
    ensure => directory,
    owner  => 'zuul',
    group  => 'adm',
    mode   => '0750',
  }

  leavers::data { [$zuul::home, $zuul::logs]: }

  file { [$zuul::library, $zuul::share]:
    ensure => directory,
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
  }

  file { "${zuul::library}/zuul_py3":
    ensure  => directory,
    source  => 'puppet:///modules/zuul/zuul-py3/zuul_py3',
    owner   => 'root',
    group   => 'root',
    recurse => true,
    purge   => true,
    force   => true,
    ignore  => '__pycache__',
  }

  file { "${zuul::library}/zuul_queue.py":
    ensure => file,
    owner  => 'root',
    group  => 'root',
    mode   => '0644',
    source => 'puppet:///modules/zuul/zuul_queue.py',
  }

  file { "${zuul::share}/status":
    ensure  => directory,
    source  => 'puppet:///modules/zuul/status',
    owner   => 'root',
    group   => 'root',
    recurse => true,
    purge   => true,
    force   => true,
  }

  python_venv::environment { $zuul::path:
    requirements => file('zuul/zuul-py3/requirements.txt'),
    sources      => file('zuul/zuul-py3/requirements-sources.txt'),
    startup      => [$zuul::library, 'import zuul_py3'],
    require      => File["${zuul::library}/zuul_py3"],
  }

  # What an administrator types.
  file { '/usr/local/bin/zuul':
    ensure  => link,
    target  => "${zuul::path}/bin/zuul",
    require => Python_venv::Environment[$zuul::path],
  }
}
