# @summary A certificate authority that the host trusts.
#
# @param content
#   Its certificate, PEM.
# @param label
#   The name of its file.
define ca_trust::certificate (
  String[1]                         $content,
  Pattern[/\A[a-z0-9][a-z0-9-]*\z/] $label = $title,
) {
  include ca_trust

  file { "/usr/local/share/ca-certificates/${label}.crt":
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => $content,
    require => Package['ca-certificates'],
    notify  => Exec["trust ${label}"],
  }

  # Asks for the certificate's last line in the bundle: it belongs to the signature, and no other certificate has it. So a run
  # that was cut short between the file and the bundle is made good by the next one.
  $body = $content.split("\n").filter |$line| { $line =~ /\S/ and $line !~ /-----/ }
  exec { "trust ${label}":
    command => 'update-ca-certificates',
    unless  => "grep -qFx -e '${body[-1]}' /etc/ssl/certs/ca-certificates.crt",
    path    => ['/usr/sbin', '/usr/bin', '/sbin', '/bin'],
  }
}
