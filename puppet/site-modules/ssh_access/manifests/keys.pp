# @summary The keys that open an account. They are the only ones where the account is in the group `pkgci-keys`.
#
# @param keys
#   Public SSH keys.
# @param from
#   The addresses from which they are taken. Default: any.
# @param options
#   Further options of each key, as in authorized_keys(5).
# @param user
#   The account.
define ssh_access::keys (
  Array[Pattern[/\A[^\n]+\z/]]         $keys,
  Array[Stdlib::IP::Address::Nosubnet] $from      = [],
  Array[String[1]]                     $options   = [],
  String[1]                            $user      = $title,
) {
  $sources = $from ? { [] => [], default => ["from=\"${from.unique.join(',')}\""] }
  $prefix  = ($sources + $options).join(',')
  $lines   = $keys.map |$key| { strip("${prefix} ${key}") }

  file { "/etc/ssh/authorized_keys.d/${user}":
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => "# Written by pkgci.\n${lines.join("\n")}\n",
  }
}
