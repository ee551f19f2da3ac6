# @summary A release of Java that is supported for long.
type Java::Release = Variant[Integer[17, 17], Integer[21, 21], Integer[25, 25]]
