# @summary The Java that Jenkins runs on, and the fonts without which it does not start.
class jenkins::java {
  # Agents on the same host may ask for the same Java.
  ensure_resource('package', $jenkins::java_package, {
      'ensure'          => 'installed',
      'install_options' => ['--no-install-recommends'],
  })
  ensure_resource('package', 'fontconfig', { 'ensure' => 'installed', 'install_options' => ['--no-install-recommends'] })
}
