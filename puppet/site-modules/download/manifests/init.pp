# @summary A file that is downloaded once, and is there only if its checksum is the one that it must have.
#
# @param url
#   Where it is: on the web, or (`file:///PATH`) on this host.
# @param sha256
#   Its checksum.
# @param path
#   Where it goes.
define download (
  Pattern[/\A(https?:\/\/|file:\/\/\/)[^\s'"\\$`]+\z/] $url,
  Pattern[/\A[0-9a-f]{64}\z/]                          $sha256,
  Stdlib::Absolutepath                                 $path = $title,
) {
  $options = '-qq -o APT::Sandbox::User=root -o Acquire::Retries=3'

  # apt's own downloader: it has the host's proxy and certificate settings, and checks what it fetched. Of a file of this
  # host it makes a link, which would not do.
  $fetch = $url ? {
    /\Afile:/ => "cp '${url.regsubst('\Afile://', '')}' ${path}.new && echo '${sha256}  ${path}.new' | sha256sum --check --quiet",
    default   => "/usr/lib/apt/apt-helper ${options} download-file '${url}' ${path}.new SHA256:${sha256}",
  }

  exec { "download ${path}":
    command   => "${fetch} && chmod 0644 ${path}.new && mv ${path}.new ${path}",
    unless    => "echo '${sha256}  ${path}' | sha256sum --check --status",
    provider  => shell,
    path      => ['/usr/sbin', '/usr/bin', '/sbin', '/bin'],
    logoutput => 'on_failure',
    timeout   => 1800,
  }
}
