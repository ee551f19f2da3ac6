# @summary Makes what is wanted so: plugins and configuration, both or neither.
class jenkins::apply {
  $program   = '/usr/local/sbin/jenkins-apply'
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

  ensure_resource('package', 'python3', { 'ensure' => 'installed', 'install_options' => ['--no-install-recommends'] })

  file { $program:
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0755',
    source  => 'puppet:///modules/jenkins/jenkins_apply.py',
    require => Package['python3'],
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
          'unit'      => "${jenkins::drop_ins}/pkgci.conf",
          'wanted'    => $jenkins::etc,
          'state'     => $jenkins::state,
          'installer' => $installer,
          'url'       => "http://${jenkins::listen_address}:${jenkins::port}${jenkins::prefix}",
        },
    }),
  }

  file { $jenkins::state:
    ensure => directory,
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
  }

  # Plugins are many, and come from far away.
  exec { $program:
    unless    => "${program} --check",
    provider  => shell,
    path      => ['/usr/sbin', '/usr/bin', '/sbin', '/bin'],
    logoutput => true,
    timeout   => 2400,
    require   => File[$program, "${jenkins::etc}/apply.conf", $jenkins::state],
  }
}
