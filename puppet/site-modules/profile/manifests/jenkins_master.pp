# @summary What the Jenkins master keeps secret: the keys of its agents, and its administrator's password.
#
# @param agent_keys
#   Role of a slave → the private SSH key by which its agents are started.
# @param admin_password
#   The password of Jenkins' administrator.
class profile::jenkins_master (
  Sensitive[Hash[Pattern[/\A[a-z_]+\z/], String[1]]] $agent_keys,
  Sensitive[String[1]]                              $admin_password,
) {
  $folder = '/etc/pkgci/jenkins'

  file { $folder:
    ensure => directory,
    owner  => 'root',
    group  => 'root',
    mode   => '0700',
  }

  # The key of a role that the site no longer has goes.
  file { "${folder}/agent_keys":
    ensure  => directory,
    owner   => 'root',
    group   => 'root',
    mode    => '0700',
    recurse => true,
    purge   => true,
    backup  => false,
  }

  $agent_keys.unwrap.each |String $role, String $key| {
    file { "${folder}/agent_keys/${role}":
      ensure    => file,
      owner     => 'root',
      group     => 'root',
      mode      => '0600',
      content   => Sensitive($key),
      show_diff => false,
      backup    => false,
    }
  }

  file { "${folder}/admin_password":
    ensure    => file,
    owner     => 'root',
    group     => 'root',
    mode      => '0600',
    content   => $admin_password,
    show_diff => false,
    backup    => false,
  }
}
