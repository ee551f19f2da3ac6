# @summary Jenkins from a WAR, laid out as its Debian package lays it out.
class jenkins::war {
  file { [$jenkins::home, '/var/cache/jenkins']:
    ensure => directory,
    owner  => 'jenkins',
    group  => 'jenkins',
    mode   => '0755',
  }

  file { '/usr/share/java':
    ensure => directory,
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
  }

  download { $jenkins::war:
    url     => $jenkins::source['url'],
    sha256  => $jenkins::source['sha256'],
    require => File['/usr/share/java'],
  }

  systemd_unit { 'jenkins.service':
    content => file('jenkins/jenkins.service'),
  }
}
