/* Feeds files to a fuzz entry point: `program FILE...`.
 *
 * The same tests/fuzz/<name>.c that libFuzzer drives is linked with this main in every other
 * build, so that each input that once broke a reader is tried again by `make test` with any
 * compiler, also under the sanitizers.
 * The one rule: the input's name is printed before it is tried; when the entry point dies, the
 * last line names the culprit. The entry point's contract is libFuzzer's: it takes any bytes and
 * returns 0. The buffer is malloc'ed to the exact size, so that a read beyond it is seen.
 * It makes no inputs of its own and judges nothing but survival.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The whole file in memory of the caller's, or NULL. */
static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    uint8_t *data = NULL;
    long end = -1;
    if (fseek(f, 0, SEEK_END) == 0 && (end = ftell(f)) >= 0 && fseek(f, 0, SEEK_SET) == 0)
        data = malloc(end > 0 ? (size_t)end : 1);
    if (data && fread(data, 1, (size_t)end, f) != (size_t)end) {
        free(data);
        data = NULL;
    }
    fclose(f);
    *size = end > 0 ? (size_t)end : 0;
    return data;
}

int main(int argc, char **argv)
{
    int passed = 0, failed = 0;

    for (int i = 1; i < argc; i++) {
        printf("try %s\n", argv[i]);
        fflush(stdout);
        size_t size = 0;
        uint8_t *data = read_file(argv[i], &size);
        if (!data || LLVMFuzzerTestOneInput(data, size) != 0) {
            printf("FAIL %s\n", argv[i]);
            failed++;
        } else {
            passed++;
        }
        free(data);
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed || !passed;
}
