/* Did you mean: the nearest name (see suggest.h).
 *
 * Distance: Damerau-Levenshtein in its optimal string alignment form (insert, delete, replace,
 * swap neighbours, one each), on ASCII lower case with '_', '-' and ' ' alike. Two mild cases count
 * one: the text begins the name ("h100" for "h100-sxm-80gb"), or both hold the same parts in
 * another order ("parallel_tensor").
 *
 * The rule: no suggestion is better than a silly one, hence at most a third of the letters may
 * differ. No allocation; names over 63 characters are never near.
 */
#include "base/suggest.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 63 };

static size_t fold(const char *text, char out[LONGEST + 1])
{
    const size_t length = strlen(text);
    if (length > LONGEST)
        return 0;
    for (size_t i = 0; i < length; i++) {
        const char c = text[i];
        out[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c == '-' || c == ' ' ? '_' : c);
    }
    out[length] = '\0';
    return length;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int distance(const char *a, size_t n, const char *b, size_t m)
{
    int row[3][LONGEST + 2];
    for (size_t j = 0; j <= m; j++)
        row[0][j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        int *const now = row[i % 3], *const before = row[(i - 1) % 3];
        const int *const earlier = row[(i + 1) % 3];
        now[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            const int change = a[i - 1] == b[j - 1] ? 0 : 1;
            int best = least(before[j] + 1, now[j - 1] + 1);
            best = least(best, before[j - 1] + change);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                best = least(best, earlier[j - 2] + 1);
            now[j] = best;
        }
    }
    return row[n % 3][m];
}

static int by_letter(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Splits in place at '_' and '.', and returns the parts sorted. */
static size_t split(char *text, const char *parts[LONGEST])
{
    size_t count = 0;
    for (char *p = text; *p;) {
        parts[count++] = p;
        p += strcspn(p, "_.");
        if (*p)
            *p++ = '\0';
    }
    qsort(parts, count, sizeof parts[0], by_letter);
    return count;
}

static bool same_parts(const char *a, const char *b)
{
    char left[LONGEST + 1], right[LONGEST + 1];
    const char *of_left[LONGEST], *of_right[LONGEST];
    memcpy(left, a, strlen(a) + 1);
    memcpy(right, b, strlen(b) + 1);
    const size_t count = split(left, of_left);
    if (count < 2 || split(right, of_right) != count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(of_left[i], of_right[i]) != 0)
            return false;
    return true;
}

const char *cs_suggest(const char *text, const char *const *names, size_t count)
{
    char a[LONGEST + 1], b[LONGEST + 1];
    const size_t n = fold(text, a);
    if (n < 2)
        return NULL;
    const char *best = NULL;
    int best_distance = LONGEST;
    for (size_t i = 0; i < count; i++) {
        const size_t m = fold(names[i], b);
        if (!m)
            continue;
        int d = distance(a, n, b, m);
        int allowed = (int)((n > m ? n : m) / 3);
        if ((n >= 3 && n < m && memcmp(a, b, n) == 0) || same_parts(a, b)) {
            d = least(d, 1);
            allowed = allowed ? allowed : 1;
        }
        if (d > allowed || d >= best_distance)
            continue;
        best = names[i];
        best_distance = d;
    }
    return best;
}
