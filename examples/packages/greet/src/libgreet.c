#include "greet.h"

#include <stdio.h>
#include <stdlib.h>

char *greet_text(const char *name)
{
    if (name == NULL || name[0] == '\0')
        name = "world";
    int length = snprintf(NULL, 0, "Hello, %s!", name);
    if (length < 0)
        return NULL;
    char *text = malloc((size_t)length + 1);
    if (text != NULL)
        snprintf(text, (size_t)length + 1, "Hello, %s!", name);
    return text;
}

const char *greet_version(void)
{
    return VERSION;
}
