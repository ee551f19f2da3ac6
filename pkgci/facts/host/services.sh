#!/bin/sh
# What services answer on their local ports, asked side by side, each in base64 on one line. QUESTIONS: for each its
# key, the port, and a path (of a page) or a word (of Gearman). A service has 5 s to answer.

# Asks the first service, and meanwhile the others. Its answer waits in the pipe for its turn: no file is needed.
all() {
    [ $# -ge 3 ] || return 0
    ask "$1" "$2" "$3" | {
        shift 3
        later=$(all "$@")
        cat
        printf '%s\n' "$later"
    }
}

# Sends the question $3 to the local port $2 and prints "$1 " and the answer: to its end or, of geard, to the line that
# is a dot. Sent all at once, which bash's own printf would not do.
ask() {
    case $1 in
        page=*) question="GET $3 HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n" ;;
        *) question="$3\n" ;;
    esac
    answer=$(
        # shellcheck disable=SC2016 # for the inner shell
        timeout 5 bash -c '
            exec 3<>"/dev/tcp/127.0.0.1/$1" || exit
            env printf %b "$2" >&3
            case $2 in GET*) cat <&3 ;; *) sed "/^\.\r*$/q" <&3 ;; esac
        ' ask "$2" "$question" 2>/dev/null | base64 -w 0
    )
    echo "$1 $answer"
}

set -f
# shellcheck disable=SC2086 # words
all $QUESTIONS
