# @summary The Java that Jenkins runs on, and what it draws text with: without that it does not start.
class jenkins::java {
  contain java

  # Java's font library needs HarfBuzz, which the headless package only recommends.
  package { ['fontconfig', 'libharfbuzz0b']:
    ensure          => installed,
    install_options => ['--no-install-recommends'],
  }
}
