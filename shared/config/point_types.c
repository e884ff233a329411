#include "shared/config/point_types.h"

#include "shared/config/data_draft.h"

#include <string.h>

enum { ALIASES_MAX = 10, WORD_MAX = 48 };

struct type_names {
    const char *type;
    const char *others[ALIASES_MAX];
};

/* Names that say all of it: "long" and the like are of different sizes with different vendors. */
static const struct type_names names[] = {
    {"int16", {"s16", "i16", "sint16", "signed16", "short", "16位有符号", "有符号16位"}},
    {"uint16", {"u16", "word", "ushort", "unsigned16", "16位无符号", "无符号16位"}},
    {"int32", {"s32", "i32", "sint32", "signed32", "dint", "32位有符号", "有符号32位"}},
    {"uint32", {"u32", "dword", "udint", "unsigned32", "32位无符号", "无符号32位"}},
    {"int64", {"s64", "i64", "sint64", "signed64", "lint", "64位有符号", "有符号64位"}},
    {"uint64", {"u64", "qword", "ulint", "unsigned64", "64位无符号", "无符号64位"}},
    {"float32", {"f32", "real", "real32", "32位浮点", "浮点32位", "单精度", "单精度浮点"}},
    {"float64", {"f64", "lreal", "real64", "64位浮点", "浮点64位", "双精度", "双精度浮点"}},
    {"float", {"浮点"}},
    {"int", {"有符号"}},
    {"uint", {"无符号"}},
    {"bits", {"bit", "bool", "boolean", "位", "布尔", "开关量"}},
    {"string", {"str", "ascii", "字符串", "字符"}},
    {"bcd", {"bcd码"}},
};

enum { TYPES = sizeof(names) / sizeof(*names) };

static void cut_end(char *word, const char *end)
{
    size_t len = strlen(word), n = strlen(end);
    if (len > n && strcmp(word + len - n, end) == 0)
        word[len - n] = '\0';
}

/* Lower case without blanks, _ and -, and without the word for "number" at the end. */
static void normalize(const char *text, char word[WORD_MAX])
{
    static const char *const ends[] = {"整数", "整型", "整形", "数", "型"};
    size_t len = 0;
    for (; *text != '\0' && len < WORD_MAX - 1; text++) {
        if (*text != ' ' && *text != '_' && *text != '-')
            word[len++] = *text >= 'A' && *text <= 'Z' ? (char)(*text - 'A' + 'a') : *text;
    }
    word[len] = '\0'; /* no name is as long as what is cut here */
    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
        cut_end(word, ends[i]);
}

static const char *find_own(const char *word)
{
    const char *const *choices = point_table.settings[POINT_TYPE].choices;
    for (size_t i = 0; choices[i] != NULL; i++) {
        if (strcmp(choices[i], word) == 0)
            return choices[i];
    }
    return NULL;
}

const char *point_type_find(const char *text)
{
    char word[WORD_MAX];
    normalize(text, word);
    const char *own = find_own(word);
    for (size_t i = 0; own == NULL && i < TYPES; i++) {
        for (size_t k = 0; k < ALIASES_MAX && names[i].others[k] != NULL; k++) {
            if (strcmp(names[i].others[k], word) == 0)
                return names[i].type;
        }
    }
    return own;
}

void point_types_reference(FILE *out)
{
    fputs("| type | or |\n| --- | --- |\n", out);
    for (size_t i = 0; i < TYPES; i++) {
        fprintf(out, "| `%s` | ", names[i].type);
        for (size_t k = 0; k < ALIASES_MAX && names[i].others[k] != NULL; k++)
            fprintf(out, "%s`%s`", k > 0 ? ", " : "", names[i].others[k]);
        fputs(" |\n", out);
    }
}
