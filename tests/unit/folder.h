/* A temporary folder with a small catalogue, for tests that read files.
 *
 * The sheets are made up, with odd numbers, so that a value that arrives in a struct can only have
 * come from its own key. The rule: a test names files by test_path and writes them by test_write;
 * the folder is removed by test_folder_close. Memory is static; one folder at a time.
 * Not here: the project's own catalogue, which these tests must not depend on.
 */
#ifndef TESTS_UNIT_FOLDER_H
#define TESTS_UNIT_FOLDER_H
#include <stddef.h>

/* Makes the folder, models/, models/api/, hardware/, engines/ and scenarios/traffic/ in it with a
 * sheet each, and points CAPSIM_PATH at it. */
void test_folder_open(void);
void test_folder_close(void);
/* folder/name, valid until the eighth next call. */
const char *test_path(const char *name);
/* Writes a file and returns its path. */
const char *test_write(const char *name, const char *text);
const char *test_write_bytes(const char *name, const void *bytes, size_t size);

#endif
