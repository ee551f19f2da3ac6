"""The tool: the most frequent words of files, or of standard input."""

from __future__ import annotations

import argparse
import fileinput
import sys

from wordcount import count


def main() -> int:
    parser = argparse.ArgumentParser(prog="wordcount", description="Shows the most frequent words of texts.")
    parser.add_argument("--top", type=int, default=10, metavar="N", help="show N words (default: 10)")
    parser.add_argument("files", nargs="*", metavar="FILE", help="texts in UTF-8 (default: standard input)")
    options = parser.parse_args()
    try:
        with fileinput.input(options.files, openhook=fileinput.hook_encoded("utf-8", "replace")) as lines:
            counted = count(lines)
    except OSError as error:
        print(f"wordcount: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    for word, times in sorted(counted.items(), key=lambda item: (-item[1], item[0]))[: options.top]:
        print(f"{times}\t{word}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
