# @summary The Java that Jenkins runs on, and the fonts without which it does not start.
class jenkins::java {
  contain java

  package { 'fontconfig':
    ensure          => installed,
    install_options => ['--no-install-recommends'],
  }
}
