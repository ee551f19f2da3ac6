# @summary What is wanted of Gerrit, as files.
class gerrit::configuration {
  assert_private()

  $own = {
    'gerrit'    => { 'basePath' => 'git' },
    'container' => { 'user' => $gerrit::user, 'javaHome' => $gerrit::runtime, 'heapLimit' => "${gerrit::heap}m" },
    'httpd'     => { 'listenUrl' => "proxy-https://127.0.0.1:${gerrit::port}/" },
    'sshd'      => { 'listenAddress' => "*:${gerrit::ssh_port}" },
    'index'     => { 'type' => 'LUCENE', 'autoReindexIfStale' => true },
    'cache'     => { 'directory' => 'cache' },
    'log'       => { 'rotate' => true, 'compress' => true, 'timeToKeep' => '30 days' },
  }

  file { $gerrit::etc:
    ensure  => directory,
    owner   => 'root',
    group   => 'root',
    mode    => '0755',
    recurse => true,
    purge   => true,
    backup  => false,
  }

  file { "${gerrit::etc}/gerrit.config":
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => epp('gerrit/config.epp', { 'settings' => deep_merge($own, $gerrit::settings) }),
  }

  file { "${gerrit::etc}/secure.config":
    ensure    => file,
    owner     => 'root',
    group     => 'root',
    mode      => '0600',
    content   => Sensitive(epp('gerrit/config.epp', { 'settings' => $gerrit::secrets.unwrap })),
    show_diff => false,
    backup    => false,
  }

  file { "${gerrit::etc}/ssh_host_ed25519_key":
    ensure    => file,
    owner     => 'root',
    group     => 'root',
    mode      => '0600',
    content   => $gerrit::host_key,
    show_diff => false,
    backup    => false,
  }

  # The unit is put in its place by gerrit-apply, which can put the old one back.
  file { "${gerrit::etc}/gerrit.service":
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => epp('gerrit/gerrit.service.epp', {
        'java'  => "${gerrit::runtime}/bin/java",
        'heap'  => $gerrit::heap,
        'state' => $gerrit::state,
        'site'  => $gerrit::site,
        'home'  => $gerrit::home,
        'user'  => $gerrit::user,
    }),
  }
}
