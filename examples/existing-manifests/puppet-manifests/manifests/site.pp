# A host's role comes from outside, as the fact 'role'; its classes come from Hiera.
node default {
  notice("role of ${::fqdn}: ${::role}")
  hiera_include('classes')
}
