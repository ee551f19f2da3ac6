#!/bin/sh
# What sshd says of each of LOGINS: that depends on its name and groups, on who comes (FROM), and on Match.
for name in $LOGINS; do
    echo "ssh_groups=$name $(id -Gn "$name" 2>/dev/null)"
    sshd -T -C "user=$name,host=$FROM,addr=$FROM" 2>/dev/null |
        awk -v name="$name" '/^(allow|deny)(users|groups) |^pubkeyauthentication |^authenticationmethods |^forcecommand / \
            { print "sshd=" name " " $0 }'
done
