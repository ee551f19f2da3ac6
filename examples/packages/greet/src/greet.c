/* greet: greets whoever is named. */
#include "greet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int count, char **words)
{
    if (count == 2 && strcmp(words[1], "--version") == 0) {
        printf("greet %s\n", greet_version());
        return 0;
    }
    if (count > 2 || (count == 2 && words[1][0] == '-')) {
        fprintf(stderr, "usage: greet [NAME | --version]\n");
        return 2;
    }
    char *text = greet_text(count == 2 ? words[1] : NULL);
    if (text == NULL) {
        fprintf(stderr, "greet: out of memory\n");
        return 1;
    }
    puts(text);
    free(text);
    return 0;
}
