# @summary The site's own Gerrit: which one, where its accounts come from, and its place in the host's web server.
#
# @param server_name
#   The name that people and Zuul know it by.
# @param war
#   Its WAR.
# @param auth
#   Where accounts come from.
# @param host_key
#   The private key that it shows to SSH clients.
# @param mail_key
#   The key by which it knows its own links in mail.
# @param port
#   Where it listens, on this host only.
# @param ssh_port
#   Its SSH port.
# @param plugins
#   Plugin → where it is.
# @param java
#   The release of Java to run it on.
# @param heap
#   Java's heap in MiB.
# @param ldap
#   The directory that has the accounts.
# @param ldap_password
#   The password of its manager.
# @param oidc
#   The plugin's section for the provider through which people log in, and its settings.
# @param oidc_secret
#   The secret that the provider knows Gerrit by.
# @param http
#   How the web server asks people to log in.
# @param mail
#   The server that takes Gerrit's mail. Without it, none is sent.
# @param smtp_password
#   The password for that server.
# @param allow_tld
#   A top-level domain of the site's own, in which Gerrit would take no mail address for valid.
# @param first_key
#   A public SSH key of the first administrator, where `init` makes one.
# @param settings
#   Further settings of the site's own, laid over these. They do not say where accounts come from.
class profile::review (
  Stdlib::Fqdn                            $server_name,
  Download::Archive                       $war,
  Enum['ldap', 'oidc', 'http', 'development'] $auth,
  Sensitive[String[1]]                    $host_key,
  Sensitive[String[1]]                    $mail_key,
  Stdlib::Port                            $port,
  Stdlib::Port                            $ssh_port,
  Hash[String[1], Download::Archive]      $plugins       = {},
  Java::Release                           $java          = 21,
  Integer[256]                            $heap          = 1024,
  Optional[Jenkins::Ldap]                 $ldap          = undef,
  Optional[Sensitive[String[1]]]          $ldap_password = undef,
  Optional[Struct[{ section => String[1], settings => Hash[String[1], String[1]] }]] $oidc = undef,
  Optional[Sensitive[String[1]]]          $oidc_secret   = undef,
  Optional[Struct[{ directives => Array[String[1], 1], modules => Array[String[1]] }]] $http = undef,
  Optional[Profile::Relay]                $mail          = undef,
  Optional[Sensitive[String[1]]]          $smtp_password = undef,
  Optional[String[1]]                     $allow_tld     = undef,
  Optional[String[1]]                     $first_key     = undef,
  Gerrit::Settings                        $settings      = {},
) {
  require profile::firewall
  require profile::ca_certificate
  include profile::web

  # Names in gerrit.config are the same in upper and in lower case.
  $settings.each |$section, $values| {
    if $section.downcase == 'auth' and $values.keys.any |$key| { $key.downcase == 'type' } {
      fail("profile::review::settings cannot set auth.type: 'review: {auth: ...}' in the site file does")
    }
  }

  # Who the web server says that somebody is. What a client says under this name is dropped.
  $header   = 'X-Pkgci-User'

  $provider = $oidc ? {
    undef   => 'plugin.none',
    default => "plugin.${$oidc['section']}",
  }
  $accounts = $auth ? {
    'ldap'        => gerrit::directory($ldap),
    'oidc'        => { 'auth' => { 'type' => 'OAUTH' }, $provider => $oidc['settings'] },
    'http'        => { 'auth' => { 'type' => 'HTTP', 'httpHeader' => $header } },
    'development' => { 'auth' => { 'type' => 'DEVELOPMENT_BECOME_ANY_ACCOUNT' } },
  }
  $mailer   = $mail ? {
    undef   => { 'enable' => false },
    default => {
      'enable'         => true,
      'smtpServer'     => $mail['host'],
      'smtpServerPort' => $mail['port'],
      'smtpEncryption' => $mail['encryption'],
      'from'           => $mail['sender'],
    } + ($mail['user'] ? { undef => {}, default => { 'smtpUser' => $mail['user'] } }),
  }
  $valid    = $allow_tld ? {
    undef   => {},
    default => { 'allowTLD' => $allow_tld },
  }
  $ours     = {
    'gerrit'    => { 'canonicalWebUrl' => "https://${server_name}/" },
    'sshd'      => { 'advertisedAddress' => "${server_name}:${ssh_port}" },
    'user'      => { 'email' => "gerrit@${server_name}" },
    'sendemail' => $mailer + $valid,
  }

  # Each is given where the accounts or the mail need it, and nowhere else.
  $given    = {
    'auth'                     => { 'registerEmailPrivateKey' => $mail_key },
    'ldap'                     => { 'password' => $ldap_password },
    'sendemail'                => { 'smtpPass' => $smtp_password },
    $provider                  => { 'client-secret' => $oidc_secret },
  }.filter |$section, $values| { $values.values[0] =~ NotUndef }
  $opened   = Hash($given.map |$section, $values| {
      [$section, Hash($values.map |$name, $value| { [$name, $value.unwrap] })]
  })

  packet_filter::needed_by { 'gerrit':
    before => Class['gerrit'],
  }

  class { 'gerrit':
    war       => $war,
    settings  => deep_merge($ours, $accounts, $settings),
    secrets   => Sensitive($opened),
    host_key  => $host_key,
    plugins   => $plugins,
    java      => $java,
    heap      => $heap,
    port      => $port,
    ssh_port  => $ssh_port,
    first_key => $first_key,
  }
  contain gerrit

  $login    = $http ? {
    undef   => { 'directives' => [], 'modules' => [] },
    default => $http,
  }

  profile::web::locations { 'gerrit':
    content => epp('profile/gerrit.conf.epp', { 'port' => $port, 'header' => $header, 'login' => $login['directives'] }),
    modules => ['proxy', 'proxy_http', 'headers'] + $login['modules'],
  }
}
