# @summary What Gerrit is made of: Java, its WAR, its plugins. Each is there with the right checksum, or not at all.
class gerrit::install {
  assert_private()

  ensure_resource('java::runtime', String($gerrit::java))

  # Gerrit draws text in no picture, but Java looks for fonts when it starts some of its libraries.
  ensure_resource('package', ['git', 'openssh-client', 'python3', 'fontconfig'], {
      'ensure'          => 'installed',
      'install_options' => ['--no-install-recommends'],
  })

  file { [$gerrit::state, "${gerrit::state}/wars"]:
    ensure => directory,
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
  }

  download { $gerrit::archive:
    url     => $gerrit::war['url'],
    sha256  => $gerrit::war['sha256'],
    require => File["${gerrit::state}/wars"],
  }

  file { "${gerrit::state}/plugins":
    ensure  => directory,
    owner   => 'root',
    group   => 'root',
    mode    => '0755',
    recurse => true,
    purge   => true,
    backup  => false,
  }

  $gerrit::plugins.each |String $name, Hash $plugin| {
    # The file is known, so that the purge leaves it alone; its content is the download's.
    file { "${gerrit::state}/plugins/${name}.jar":
      owner => 'root',
      group => 'root',
      mode  => '0644',
    }

    download { "${gerrit::state}/plugins/${name}.jar":
      url     => $plugin['url'],
      sha256  => $plugin['sha256'],
      require => File["${gerrit::state}/plugins"],
      before  => File["${gerrit::state}/plugins/${name}.jar"],
    }
  }
}
