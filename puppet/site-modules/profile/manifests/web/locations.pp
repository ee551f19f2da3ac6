# @summary What a role adds to its host's web server: Apache directives inside the virtual host that speaks TLS.
#
# @param content
#   The directives.
# @param modules
#   The Apache modules that they need, by the name of their class, as in 'proxy_http'.
define profile::web::locations (
  String[1]        $content,
  Array[String[1]] $modules = [],
) {
  include profile::web

  $modules.each |String $module| {
    include "apache::mod::${module}"
  }

  file { "${profile::web::fragments}/${title}.conf":
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => $content,
    notify  => Class['apache::service'],
  }
}
