# @summary Jenkins runs, now and after a restart of the host.
class jenkins::service {
  service { 'jenkins':
    ensure => running,
    enable => true,
  }
}
