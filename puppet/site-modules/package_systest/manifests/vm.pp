# @summary What virtual machines need: QEMU, what makes their disks, and KVM where the host has it.
class package_systest::vm {
  ensure_resource('package', ['e2fsprogs', 'openssh-client', 'qemu-system-x86'], {
      'ensure'          => 'installed',
      'install_options' => ['--no-install-recommends'],
  })

  # udev makes it, and gives it /dev/kvm, where there is one.
  ensure_resource('group', 'kvm', { 'ensure' => 'present', 'system' => true })

  exec { "gpasswd --add ${package_systest::user} kvm":
    path    => ['/usr/bin', '/bin'],
    unless  => "id --name --groups ${package_systest::user} | grep --quiet --word-regexp kvm",
    require => [Group['kvm'], Package['qemu-system-x86']],
  }
}
