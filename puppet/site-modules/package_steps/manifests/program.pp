# @summary One program of the steps, in everybody's path: `pkgci-NAME` runs `main` of the module `pkgci_steps.MODULE`.
#
# @param module
#   The Python module, below pkgci_steps.
# @param program
#   The program's name, without `pkgci-`.
define package_steps::program (
  Pattern[/\A[a-z_.]+\z/] $module,
  Pattern[/\A[a-z-]+\z/]  $program = $title,
) {
  include package_steps

  file { "/usr/local/bin/pkgci-${program}":
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0755',
    content => epp('package_steps/program.epp', { 'library' => $package_steps::library, 'module' => $module }),
    require => File["${package_steps::library}/pkgci_steps"],
  }
}
