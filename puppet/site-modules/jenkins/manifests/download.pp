# @summary A file that is downloaded once, and is there only if its checksum is the one that it must have.
#
# @param url
#   Where it is.
# @param sha256
#   Its checksum.
# @param path
#   Where it goes.
define jenkins::download (
  Stdlib::HTTPUrl              $url,
  Pattern[/\A[0-9a-f]{64}\z/]  $sha256,
  Stdlib::Absolutepath         $path = $title,
) {
  $options = '-qq -o APT::Sandbox::User=root -o Acquire::Retries=3'

  # apt's own downloader: it has the host's proxy and certificate settings, and checks what it fetched.
  exec { "download ${path}":
    command   => "/usr/lib/apt/apt-helper ${options} download-file ${url} ${path}.new SHA256:${sha256} && mv ${path}.new ${path}",
    unless    => "echo '${sha256}  ${path}' | sha256sum --check --status",
    provider  => shell,
    path      => ['/usr/sbin', '/usr/bin', '/sbin', '/bin'],
    logoutput => 'on_failure',
    timeout   => 1800,
  }
}
