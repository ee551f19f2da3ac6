# @summary A Python virtual environment with exactly the packages of a requirements file, each checked by its hash.
#
# It is made anew where the requirements or the distribution's Python changed, or where making it was cut short. Where
# packages come from is the host's own pip configuration.
#
# @param requirements
#   The requirements file's text: pinned versions, with hashes.
# @param path
#   The environment's folder; the folder above must exist.
define python_venv::environment (
  String[1]            $requirements,
  Stdlib::Absolutepath $path = $title,
) {
  include python_venv

  file { "${path}.requirements":
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => $requirements,
  }

  # The stamp says of what the environment was made, and is written last.
  $made_of = "( python3 --version; cat ${path}.requirements )"
  $pip     = "${path}/bin/pip --disable-pip-version-check --no-cache-dir --quiet"
  $install = "${pip} install --require-hashes --only-binary :all: --requirement ${path}.requirements"
  exec { "make ${path}":
    command  => "python3 -m venv --clear ${path} && ${install} && ${made_of} > ${path}/made-of",
    unless   => "${made_of} | cmp -s - ${path}/made-of",
    provider => shell,
    path     => ['/usr/sbin', '/usr/bin', '/sbin', '/bin'],
    timeout  => 900,
    require  => [Package['python3-venv'], File["${path}.requirements"]],
  }
}
