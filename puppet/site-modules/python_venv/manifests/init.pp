# @summary What Python virtual environments need of the distribution.
class python_venv {
  package { 'python3-venv':
    ensure          => installed,
    install_options => ['--no-install-recommends'],
  }
}
