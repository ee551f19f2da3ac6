# @summary A Python virtual environment with exactly the packages of a requirements file, each checked by its hash.
#
# It is made anew where what it is made of or the distribution's Python changed, or where making it was cut short. Where
# packages come from is the host's own pip configuration.
#
# @param requirements
#   The requirements file's text: pinned versions, with hashes. These come as wheels.
# @param sources
#   The same for packages that exist as source only. They are built with what `requirements` brings, and with nothing
#   that a build would fetch by itself.
# @param startup
#   Lines of a .pth file (Python's `site` module): folders of further modules, and modules to import at every start.
# @param path
#   The environment's folder; the folder above must exist.
define python_venv::environment (
  String[1]            $requirements,
  Optional[String[1]]  $sources = undef,
  Array[String[1]]     $startup = [],
  Stdlib::Absolutepath $path    = $title,
) {
  include python_venv

  $files = {
    'requirements' => $requirements,
    'sources'      => pick_default($sources, ''),
    'pth'          => $startup.map |$line| { "${line}\n" }.join,
  }.filter |$_, $text| { $text =~ String[1] }

  $files.each |$kind, $text| {
    file { "${path}.${kind}":
      ensure  => file,
      owner   => 'root',
      group   => 'root',
      mode    => '0644',
      content => $text,
      before  => Exec["make ${path}"],
    }
  }

  $pip   = "${path}/bin/pip --disable-pip-version-check --no-cache-dir --quiet install --require-hashes"
  $steps = {
    'requirements' => "${pip} --only-binary :all: --requirement ${path}.requirements",
    'sources'      => "${pip} --no-deps --no-build-isolation --no-binary :all: --requirement ${path}.sources",
    'pth'          => "cp ${path}.pth \"\$(${path}/bin/python -c 'import sysconfig; print(sysconfig.get_path(\"purelib\"))')/startup.pth\"",
  }.filter |$kind, $_| { $kind in $files }

  leavers::trace { $path: }

  # The stamp says of what the environment was made, and is written last.
  $parts   = $files.keys.map |$kind| { "${path}.${kind}" }
  $made_of = "( python3 --version; cat ${parts.join(' ')} )"
  $make    = ["python3 -m venv --clear ${path}"] + $steps.values + ["${made_of} > ${path}/made-of"]
  exec { "make ${path}":
    command  => $make.join(' && '),
    unless   => "${made_of} | cmp -s - ${path}/made-of",
    provider => shell,
    path     => ['/usr/sbin', '/usr/bin', '/sbin', '/bin'],
    timeout  => 900,
    require  => Package['python3-venv'],
  }
}
