/* libgreet: friendly words for people. */
#ifndef GREET_H
#define GREET_H

#ifdef __cplusplus
extern "C" {
#endif

#define GREET_API __attribute__((visibility("default")))

/* The greeting for NAME, or for the world where NAME is NULL or empty. The caller frees it. NULL: out of memory. */
GREET_API char *greet_text(const char *name);

/* The version of the library that runs. */
GREET_API const char *greet_version(void);

#ifdef __cplusplus
}
#endif

#endif
