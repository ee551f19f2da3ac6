# @summary Makes what is wanted so: plugins and configuration, both or neither, and nodes that are as they are declared.
class jenkins::apply {
  $program   = '/usr/local/sbin/jenkins-apply'
  $library   = '/usr/local/lib/jenkins-apply'
  $manager   = '/usr/share/java/jenkins-plugin-manager.jar'
  $mirror    = $jenkins::update_center ? {
    undef   => '',
    default => " --jenkins-update-center ${jenkins::update_center}",
  }
  $installer = $jenkins::plugin_installer ? {
    String  => "${jenkins::plugin_installer}${mirror}",
    default => "/usr/bin/java -jar ${manager}${mirror}",
  }

  if $jenkins::plugin_installer =~ Hash {
    download { $manager:
      url    => $jenkins::plugin_installer['url'],
      sha256 => $jenkins::plugin_installer['sha256'],
      before => Exec[$program],
    }
  }

  ensure_resource('package', ['python3', 'python3-yaml'], {
      'ensure'          => 'installed',
      'install_options' => ['--no-install-recommends'],
  })

  file { $library:
    ensure => directory,
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
  }

  # A module of an older release goes with it.
  file { "${library}/jenkins_apply":
    ensure  => directory,
    owner   => 'root',
    group   => 'root',
    # Folders get their `x` with it.
    mode    => '0644',
    source  => 'puppet:///modules/jenkins/jenkins_apply',
    recurse => true,
    purge   => true,
    force   => true,
  }

  file { $program:
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0755',
    source  => 'puppet:///modules/jenkins/jenkins-apply',
    require => [Package['python3', 'python3-yaml'], File["${library}/jenkins_apply"]],
  }

  $account = $jenkins::account ? {
    undef   => {},
    default => {
      'account'       => $jenkins::account['user'],
      'password_file' => "${jenkins::etc}/secrets/${jenkins::account['secret']}",
    },
  }

  file { "${jenkins::etc}/apply.conf":
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => epp('jenkins/apply.conf.epp', {
        'settings' => {
          'home'      => $jenkins::home,
          'war'       => $jenkins::war,
          'unit'      => $jenkins::drop_in,
          'wanted'    => $jenkins::etc,
          'state'     => $jenkins::state,
          'installer' => $installer,
          'url'       => "http://${jenkins::listen_address}:${jenkins::port}${jenkins::prefix}",
          'patience'  => String($jenkins::patience),
        } + $account,
    }),
  }

  file { $jenkins::state:
    ensure => directory,
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
  }

  # Plugins are many, and come from far away; another run is waited for, and builds are, twice.
  exec { $program:
    unless    => "${program} --check",
    provider  => shell,
    path      => ['/usr/sbin', '/usr/bin', '/sbin', '/bin'],
    logoutput => true,
    timeout   => 3600 + 3 * $jenkins::patience,
    require   => File[$program, "${jenkins::etc}/apply.conf", $jenkins::state],
  }
}
