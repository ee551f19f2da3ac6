# @summary A Gerrit from its WAR: account, Java, configuration, unit, upgrades, and maintenance by timers.
#
# What is written here is wanted; `gerrit-apply` makes it so: `init` once, a restart where something that is read at start
# has changed, an upgrade with another WAR. A Gerrit that does not come up like that gets back what it had before. Labels,
# rights, projects and accounts are nobody's business here.
#
# @param war
#   The WAR, by address and checksum. Another one is an upgrade.
# @param settings
#   gerrit.config: section → key → value. What the component itself decides is added.
# @param secrets
#   secure.config: section → key → value.
# @param host_key
#   The private Ed25519 key that Gerrit shows to SSH clients.
# @param plugins
#   Plugin → where it is. Plugins that others put there stay.
# @param java
#   The release of Java to run it on.
# @param heap
#   Java's heap, in MiB.
# @param port
#   Where it listens for the web server, on this host only.
# @param ssh_port
#   Its SSH port.
# @param first_key
#   A public SSH key of the first administrator, where `init` makes one: with accounts for trying only.
class gerrit (
  Download::Archive                            $war,
  Gerrit::Settings                             $settings,
  Sensitive[Gerrit::Secrets]                   $secrets,
  Sensitive[String[1]]                         $host_key,
  Hash[Pattern[/\A\w[\w-]*\z/], Download::Archive] $plugins   = {},
  Java::Release                                $java      = 21,
  Integer[256]                                 $heap      = 1024,
  Stdlib::Port                                 $port      = 8081,
  Stdlib::Port                                 $ssh_port  = 29418,
  Optional[Pattern[/\Assh-[^\n]+\z/]]          $first_key = undef,
) {
  $user    = 'gerrit'
  $home    = '/var/lib/gerrit'
  $site    = '/srv/gerrit'
  $etc     = '/etc/gerrit'
  $state   = '/var/lib/gerrit-apply'
  $archive = "${state}/wars/${war['sha256']}.war"
  $runtime = "/usr/lib/jvm/java-${java}-openjdk-${facts['os']['architecture']}"

  contain gerrit::account
  contain gerrit::install
  contain gerrit::configuration
  contain gerrit::apply
  contain gerrit::service
  contain gerrit::maintenance

  # Reviews and repositories stay. The unit and the secrets are put in their places by gerrit-apply, which remembers that.
  leavers::data { [$home, $site, $state]: }
  leavers::trace { ["${site}/etc/secure.config", "${site}/etc/ssh_host_*", "${state}/applied", "${state}/before"]: }
  leavers::trace { '/etc/systemd/system/gerrit.service': }

  Class['gerrit::account']
  -> Class['gerrit::install']
  -> Class['gerrit::configuration']
  -> Class['gerrit::apply']
  -> Class['gerrit::service']
  -> Class['gerrit::maintenance']
}
