/* Keys: the words in which key tables are written (see schema.h).
 *
 *   KEY("tdp", "Board power limit.", QUANTITY(cs_hardware, tdp_w, WATTS, "1 W", "100 kW")),
 *
 * A key is its name, its sentence of documentation, then its kind with the struct and the field
 * that the value goes to, then what else holds of it: REQUIRED, DEFAULT(text, reason or NULL),
 * PRESENT(struct, bool to set), or any field of struct cs_key by its name. Ranges are texts in the
 * key's unit, NULL where open. TABLE is of a map whose keys lead into a struct around it, TABLE_OF
 * of one read into a struct of its own.
 *
 * The rule: short names are for files that hold tables; nothing else includes this.
 */
#ifndef CS_SPEC_KEYS_H
#define CS_SPEC_KEYS_H
#include "spec/schema.h"

#define KEY(key, sentence, ...) {.name = key, .doc = sentence, __VA_ARGS__}
#define AT(type, field) .offset = offsetof(struct type, field)
#define LIST_AT(type, field, size) AT(type, field), .count = offsetof(struct type, size)
#define WITHIN(least, most) .low = least, .high = most

#define TEXT(type, field) .kind = CS_KEY_TEXT, AT(type, field)
#define DATE(type, field) .kind = CS_KEY_DATE, AT(type, field)
#define BOOL(type, field) .kind = CS_KEY_BOOL, AT(type, field)
#define NODE(type, field) .kind = CS_KEY_NODE, AT(type, field)
#define CHOICE(type, field, all) .kind = CS_KEY_CHOICE, AT(type, field), .choices = all
#define QUANTITY(type, field, of, least, most) \
    .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_##of, AT(type, field), WITHIN(least, most)
#define COUNT(type, field, least, most) \
    .kind = CS_KEY_COUNT, AT(type, field), WITHIN(least, most)
#define COUNT64(type, field, least, most) \
    .kind = CS_KEY_COUNT64, AT(type, field), WITHIN(least, most)
#define NUMBERS(type, field, size, least, most) \
    .kind = CS_KEY_NUMBERS, LIST_AT(type, field, size), WITHIN(least, most)
#define TEXTS(type, field, size) .kind = CS_KEY_TEXTS, LIST_AT(type, field, size)
#define ROWS(type, field, size, rows) \
    .kind = CS_KEY_ROWS, LIST_AT(type, field, size), .table = &rows
#define MAP(keys) .kind = CS_KEY_MAP, .table = &keys

#define REQUIRED .required = true
#define DEFAULT(text, reason) .fallback = text, .why = reason
#define PRESENT(type, field) .present = offsetof(struct type, field)

#define TABLE(name, rows) {.what = name, .keys = rows, .count = sizeof rows / sizeof rows[0]}
#define TABLE_OF(type, name, rows) \
    {.what = name, .keys = rows, .count = sizeof rows / sizeof rows[0], \
     .size = sizeof(struct type)}

#endif
