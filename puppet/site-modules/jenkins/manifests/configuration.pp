# @summary What is wanted of Jenkins, as files: plugins, Configuration as Code, secrets, and what is seeded in its home.
class jenkins::configuration {
  file { $jenkins::etc:
    ensure => directory,
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
  }

  file { "${jenkins::etc}/plugins.txt":
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => $jenkins::plugins.map |$name, $version| { "${name}:${version}\n" }.sort.join,
  }

  # What the installer brings is compared with it. A plugin without a checksum has a dash.
  $sums = $jenkins::plugins.map |$name, $version| {
    "${pick($jenkins::plugin_checksums["${name}:${version}"], '-')} ${name}\n"
  }
  $free = $jenkins::plugin_companions.map |$name| { "- ${name}\n" }
  file { "${jenkins::etc}/plugins.sha256":
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => unique($sums + $free).sort.join,
  }

  file { "${jenkins::etc}/casc.d":
    ensure  => directory,
    owner   => 'root',
    group   => 'jenkins',
    mode    => '0750',
    recurse => true,
    purge   => true,
  }

  $jenkins::configuration.each |$name, $data| {
    file { "${jenkins::etc}/casc.d/${name}.yaml":
      ensure  => file,
      owner   => 'root',
      group   => 'jenkins',
      mode    => '0640',
      content => jenkins::to_yaml($data),
    }
  }

  file { "${jenkins::etc}/secrets":
    ensure  => directory,
    owner   => 'jenkins',
    group   => 'jenkins',
    mode    => '0700',
    recurse => true,
    purge   => true,
    backup  => false,
  }

  $jenkins::secrets.unwrap.each |$name, $value| {
    file { "${jenkins::etc}/secrets/${name}":
      ensure    => file,
      owner     => 'jenkins',
      group     => 'jenkins',
      mode      => '0600',
      content   => Sensitive($value),
      show_diff => false,
      backup    => false,
    }
  }

  # Jenkins writes them itself, too, with the umask of its unit.
  $jenkins::seeds.each |$name, $content| {
    file { "${jenkins::home}/${name}":
      ensure  => file,
      owner   => 'jenkins',
      group   => 'jenkins',
      mode    => '0640',
      replace => false,
      content => $content,
    }
  }
}
