# @summary The web server of a public host: one virtual host over TLS, which says what the host is.
#
# @param server_name
#   The host's DNS name.
# @param aliases
#   Further DNS names that the certificate covers.
# @param certificate
#   The host's certificate and its authority's, PEM.
# @param private_key
#   The certificate's private key, PEM.
# @param site
#   The site's name, for the page.
# @param services
#   Role → what the host is for, what stands on it, and the path it is at, for the page. Every role adds its own.
class profile::web (
  Stdlib::Fqdn                                              $server_name,
  Array[Stdlib::Fqdn]                                       $aliases,
  String[1]                                                 $certificate,
  Sensitive[String[1]]                                      $private_key,
  String[1]                                                 $site,
  Hash[String[1], Struct[{ title => String, text => String, Optional[path] => String }]] $services,
) {
  require profile::firewall

  $docroot   = '/var/www/pkgci'
  $folder    = '/etc/pkgci/tls'
  $fragments = '/etc/apache2/pkgci.d'

  packet_filter::needed_by { 'apache2':
    before => Class['apache'],
  }

  class { 'apache':
    default_vhost    => false,
    mpm_module       => 'event',
    server_tokens    => 'Prod',
    server_signature => 'Off',
    trace_enable     => 'Off',
  }

  class { 'apache::mod::ssl':
    ssl_protocol => ['-all', '+TLSv1.2', '+TLSv1.3'],
  }

  file { $folder:
    ensure => directory,
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
  }

  file { "${folder}/host.crt":
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => $certificate,
    notify  => Class['apache::service'],
  }

  file { "${folder}/host.key":
    ensure    => file,
    owner     => 'root',
    group     => 'root',
    mode      => '0600',
    content   => $private_key,
    show_diff => false,
    backup    => false,
    notify    => Class['apache::service'],
  }

  apache::vhost { 'pkgci-http':
    servername      => $server_name,
    serveraliases   => $aliases,
    port            => 80,
    default_vhost   => true,
    docroot         => $docroot,
    manage_docroot  => false,
    redirect_status => 'permanent',
    redirect_dest   => "https://${server_name}/",
    require         => File[$docroot],
  }

  apache::vhost { 'pkgci-https':
    servername            => $server_name,
    serveraliases         => $aliases,
    port                  => 443,
    default_vhost         => true,
    docroot               => $docroot,
    manage_docroot        => false,
    ssl                   => true,
    ssl_cert              => "${folder}/host.crt",
    ssl_key               => "${folder}/host.key",
    # What the host's roles add: profile::web::locations.
    additional_includes   => ["${fragments}/*.conf"],
    use_optional_includes => true,
    headers               => ['always set Strict-Transport-Security "max-age=31536000"'],
    require               => File[$docroot, "${folder}/host.crt", "${folder}/host.key"],
  }

  # What a role that the host no longer has put here goes.
  file { $fragments:
    ensure  => directory,
    owner   => 'root',
    group   => 'root',
    mode    => '0755',
    recurse => true,
    purge   => true,
    require => Class['apache'],
    notify  => Class['apache::service'],
  }

  file { $docroot:
    ensure  => directory,
    owner   => 'root',
    group   => 'root',
    mode    => '0755',
    require => Class['apache'],
  }

  file { "${docroot}/index.html":
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => epp('profile/index.html.epp', {
        'server_name' => $server_name,
        'site'        => $site,
        'services'    => $services,
    }),
  }
}
