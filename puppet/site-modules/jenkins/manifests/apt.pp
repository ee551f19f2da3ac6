# @summary Jenkins' package from an apt source whose key has the fingerprint that it must have, at one version.
class jenkins::apt {
  $source      = $jenkins::source
  $keyring     = '/etc/apt/keyrings/jenkins.gpg'
  $list        = '/etc/apt/sources.list.d/jenkins.sources'
  $preferences = '/etc/apt/preferences.d/jenkins'
  $program     = '/usr/local/sbin/jenkins-apt'

  ensure_resource('package', 'gpg', { 'ensure' => 'installed', 'install_options' => ['--no-install-recommends'] })

  file { $program:
    ensure => file,
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
    source => 'puppet:///modules/jenkins/jenkins-apt.sh',
  }

  file { '/etc/apt/keyrings':
    ensure => directory,
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
  }

  exec { 'trust the key of the Jenkins packages':
    command   => "${program} key ${source['fingerprint']} ${keyring} ${source['key']}",
    unless    => "${program} trusted ${source['fingerprint']} ${keyring}",
    provider  => shell,
    path      => ['/usr/sbin', '/usr/bin', '/sbin', '/bin'],
    logoutput => 'on_failure',
    require   => [Package['gpg'], File[$program, '/etc/apt/keyrings']],
  }

  leavers::trace { $keyring: }

  file { $list:
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => epp('jenkins/jenkins.sources.epp', { 'url' => $source['url'], 'keyring' => $keyring }),
    require => Exec['trust the key of the Jenkins packages'],
  }

  # Nothing but this class changes the version: no upgrade by hand, and none that installs itself.
  file { $preferences:
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => epp('jenkins/preferences.epp', { 'version' => $jenkins::version }),
  }

  exec { "find Jenkins ${jenkins::version}":
    command   => "${program} find ${jenkins::version} ${list} ${source['url']}",
    unless    => "${program} installed ${jenkins::version}",
    provider  => shell,
    path      => ['/usr/sbin', '/usr/bin', '/sbin', '/bin'],
    logoutput => 'on_failure',
    require   => File[$list, $preferences],
  }

  package { 'jenkins':
    ensure          => $jenkins::version,
    install_options => ['--no-install-recommends'],
    require         => Exec["find Jenkins ${jenkins::version}"],
  }
}
