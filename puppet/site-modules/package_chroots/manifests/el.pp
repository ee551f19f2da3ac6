# @summary What makes roots of an Enterprise Linux or of Fedora, for tests: dnf, and the keys of who makes those.
#
# Only targets of backend `mock` have such roots; those of backend `chroot` are made of Debian.
class package_chroots::el {
  # Older hosts have no package of keys: there the program says which one is to be put where.
  $keys = $facts['os']['name'] == 'Debian' and versioncmp($facts['os']['release']['major'], '13') >= 0
  $packages = $keys ? {
    true  => ['dnf', 'distribution-gpg-keys'],
    false => ['dnf'],
  }

  ensure_resource('package', $packages, {
      'ensure'          => 'installed',
      'install_options' => ['--no-install-recommends'],
  })
}
