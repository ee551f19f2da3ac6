# @summary The Java that Jenkins and its agents run on, without what only a desktop needs.
#
# @param release
#   Its release.
class java (
  Java::Release $release = 21,
) {
  ensure_resource('java::runtime', String($release))
}
