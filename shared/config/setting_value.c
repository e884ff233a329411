#include "shared/config/setting_value.h"

#include "shared/base/alloc.h"
#include "shared/config/byte_text.h"
#include "shared/config/list_text.h"
#include "shared/config/quote.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <curl/curl.h>
#include <math.h>
#include <string.h>
#include <strings.h>

enum { TEXT_MAX = 255 };

static bool is_text(enum setting_type type)
{
    return type == SETTING_STRING || type == SETTING_SECRET || type == SETTING_PATH ||
           type == SETTING_URL || type == SETTING_ADDRESS || type == SETTING_LIST ||
           type == SETTING_CIDRS || type == SETTING_PATTERN || type == SETTING_TEMPLATE;
}

static bool is_bytes(enum setting_type type)
{
    return type == SETTING_BYTES || type == SETTING_HEX;
}

void setting_value_free(const struct setting *setting, void *field)
{
    if (is_bytes(setting->type)) {
        struct setting_bytes *bytes = field;
        free(bytes->bytes);
        *bytes = (struct setting_bytes){0};
    }
    if (!is_text(setting->type))
        return;
    char **text = field;
    if (*text != NULL && (setting->type == SETTING_SECRET || setting->type == SETTING_URL))
        explicit_bzero(*text, strlen(*text));
    free(*text);
    *text = NULL;
}

static bool is_printable(const char *text)
{
    size_t len = strlen(text), backslashes = 0;
    for (size_t i = 0; i < len; i++)
        backslashes += text[i] == '\\';
    char *out = xcalloc(4 * len + 1, 1);
    size_t printed = text_printable(text, len, out, 4 * len + 1);
    free(out);
    return printed == len + backslashes;
}

static bool is_url(const char *text)
{
    CURLU *url = curl_url();
    if (url == NULL)
        abort();
    char *scheme = NULL;
    bool good = curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
                curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
    curl_free(scheme);
    curl_url_cleanup(url);
    return good;
}

static bool is_address(const char *text)
{
    struct in6_addr address;
    return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

static char *check_text(const struct setting *setting, const char *text, const char *shown)
{
    size_t len = strlen(text), most = setting->max > 0 ? (size_t)setting->max : TEXT_MAX;
    if (len > most)
        return xasprintf("too long, %zu bytes: %zu at the most", len, most);
    if (len < (size_t)setting->min)
        return xasprintf("empty: write a value, or leave the line out");
    if (setting->type != SETTING_SECRET && setting->type != SETTING_PATTERN &&
        setting->type != SETTING_TEMPLATE && !is_printable(text))
        return xasprintf("control characters in it: write it on one line, without them");
    if (setting->type == SETTING_URL && !is_url(text))
        return xasprintf("not a URL: write it like http://host/path or https://host/path");
    if (setting->type == SETTING_ADDRESS && !is_address(text))
        return xasprintf("%s is not an IP address: write 0.0.0.0 or :: for all interfaces, or the "
                         "address of one",
                         QUOTE(shown));
    return NULL;
}

static char *parse_text(const struct setting *setting, const char *text, const char *shown,
                        void *field)
{
    bool none = *text == '\0' && (setting->type == SETTING_PATH || setting->type == SETTING_URL);
    char *problem = none ? NULL : check_text(setting, text, shown);
    if (problem != NULL)
        return problem;
    setting_value_free(setting, field);
    if (!none)
        *(char **)field = xstrdup(text);
    return NULL;
}

static char *parse_list(const struct setting *setting, const char *text, const char *shown,
                        void *field)
{
    char *list = list_text_normal(text);
    char *problem = setting->type == SETTING_CIDRS ? list_text_check_cidrs(list) : NULL;
    if (problem == NULL)
        problem = check_text(setting, list, shown);
    if (problem != NULL) {
        free(list);
        return problem;
    }
    setting_value_free(setting, field);
    if (setting->type == SETTING_CIDRS && *list == '\0') {
        free(list);
        list = NULL;
    }
    *(char **)field = list;
    return NULL;
}

static char *parse_bytes(const struct setting *setting, const char *text, void *field)
{
    struct setting_bytes read = {.bytes = xcalloc(strlen(text) + 1, 1)};
    size_t most = (size_t)setting->max;
    char *problem = setting->type == SETTING_HEX ? byte_text_unhex(text, read.bytes, &read.size)
                                                 : byte_text_unescape(text, read.bytes, &read.size);
    if (problem == NULL && read.size == 0)
        problem = xasprintf("empty: write at least one byte, or leave the line out");
    if (problem == NULL && read.size > most)
        problem = xasprintf("%zu bytes are too many: %zu at the most", read.size, most);
    if (problem != NULL) {
        free(read.bytes);
        return problem;
    }
    setting_value_free(setting, field);
    *(struct setting_bytes *)field = read;
    return NULL;
}

int settings_parse_uint(const char *text, uint32_t *value)
{
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    const char *digits = hex ? text + 2 : text;
    size_t n = strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789");
    if (n == 0 || digits[n] != '\0' || n > 10 || (!hex && n > 1 && digits[0] == '0'))
        return -1;
    unsigned long long number = strtoull(digits, NULL, hex ? 16 : 10);
    if (number > UINT32_MAX)
        return -1;
    *value = (uint32_t)number;
    return 0;
}

static char *parse_uint(const struct setting *setting, const char *text, const char *shown,
                        void *field)
{
    double min = setting->type == SETTING_PORT ? 1 : setting->min;
    double max = setting->type == SETTING_PORT ? 65535 : setting->max;
    uint32_t number;
    if (settings_parse_uint(text, &number) < 0 || number < min || number > max)
        return xasprintf(
            "%s is not a whole number from %.0f to %.0f%s", QUOTE(shown), min, max,
            text[0] == '0' && isdigit((unsigned char)text[1]) ? ", without leading zeros" : "");
    if (setting->type == SETTING_PORT)
        *(uint16_t *)field = (uint16_t)number;
    else
        *(uint32_t *)field = number;
    return NULL;
}

static int parse_bytes_count(const char *text, uint64_t *value)
{
    static const char units[] = "KMG";
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 15)
        return -1;
    unsigned shift = 0;
    if (text[digits] != '\0') {
        const char *unit = strchr(units, toupper((unsigned char)text[digits]));
        if (unit == NULL || text[digits + 1] != '\0')
            return -1;
        shift = 10 * (unsigned)(unit - units + 1);
    }
    uint64_t number = strtoull(text, NULL, 10);
    if (number > UINT64_MAX >> shift)
        return -1;
    *value = number << shift;
    return 0;
}

static char *parse_size(const struct setting *setting, const char *text, const char *shown,
                        void *field)
{
    uint64_t number;
    if (parse_bytes_count(text, &number) != 0 || (double)number < setting->min ||
        (double)number > setting->max)
        return xasprintf("%s is not a number of bytes from %.0f to %.0f: write it like 500M or 10G",
                         QUOTE(shown), setting->min, setting->max);
    *(uint64_t *)field = number;
    return NULL;
}

/* Stricter than strtod() alone: no hexadecimal, no "nan", no blanks. */
static int parse_double(const char *text, double *value)
{
    if (*text == '\0' || strlen(text) > 40 || text[strspn(text, "0123456789+-.eE")] != '\0')
        return -1;
    char *end;
    double number = strtod(text, &end);
    if (*end != '\0' || !isfinite(number))
        return -1;
    *value = number;
    return 0;
}

static char *parse_number(const struct setting *setting, const char *text, const char *shown,
                          void *field)
{
    double number;
    bool good = parse_double(text, &number) == 0;
    if (setting->type == SETTING_NUMBER && !good)
        return xasprintf("%s is not a number: write it like 0.1", QUOTE(shown));
    if (!good || number < setting->min || number > setting->max)
        return xasprintf("%s is not a number%s from %.15g to %.15g", QUOTE(shown),
                         setting->type == SETTING_SECONDS ? " of seconds" : "", setting->min,
                         setting->max);
    if (setting->type == SETTING_SECONDS)
        *(int64_t *)field = llround(number * 1000);
    else
        *(double *)field = number;
    return NULL;
}

static char *parse_bool(const char *text, const char *shown, void *field)
{
    static const char *const words[] = {"false", "no", "off", "true", "yes", "on"};
    for (int i = 0; i < 6; i++) {
        if (strcasecmp(text, words[i]) == 0) {
            *(bool *)field = i >= 3;
            return NULL;
        }
    }
    return xasprintf("%s is neither true nor false", QUOTE(shown));
}

static char *parse_choice(const struct setting *setting, const char *text, const char *shown,
                          void *field)
{
    char list[160] = "";
    size_t used = 0;
    for (int i = 0; setting->choices[i] != NULL; i++) {
        if (strcmp(text, setting->choices[i]) == 0) {
            memcpy(field, &i, sizeof(i));
            return NULL;
        }
        used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", i > 0 ? ", " : "",
                                 setting->choices[i]);
        if (used >= sizeof(list))
            used = sizeof(list) - 1;
    }
    return xasprintf("%s is not known here: write one of %s", QUOTE(shown), list);
}

char *setting_value_parse(const struct setting *setting, const char *text, const char *shown,
                          void *field)
{
    switch (setting->type) {
    case SETTING_STRING:
    case SETTING_SECRET:
    case SETTING_PATH:
    case SETTING_URL:
    case SETTING_ADDRESS:
    case SETTING_PATTERN:
    case SETTING_TEMPLATE:
        return parse_text(setting, text, shown, field);
    case SETTING_LIST:
    case SETTING_CIDRS:
        return parse_list(setting, text, shown, field);
    case SETTING_BYTES:
    case SETTING_HEX:
        return parse_bytes(setting, text, field);
    case SETTING_BOOL:
        return parse_bool(text, shown, field);
    case SETTING_UINT:
    case SETTING_PORT:
        return parse_uint(setting, text, shown, field);
    case SETTING_SIZE:
        return parse_size(setting, text, shown, field);
    case SETTING_SECONDS:
    case SETTING_NUMBER:
        return parse_number(setting, text, shown, field);
    case SETTING_CHOICE:
        return parse_choice(setting, text, shown, field);
    case SETTING_BLOCK:
    case SETTING_NODE:
        break;
    }
    abort(); /* a block has no text: settings_read() never asks for it */
}

bool setting_value_equal(const struct setting *setting, const void *a, const void *b)
{
    switch (setting->type) {
    case SETTING_STRING:
    case SETTING_SECRET:
    case SETTING_PATH:
    case SETTING_URL:
    case SETTING_ADDRESS:
    case SETTING_LIST:
    case SETTING_CIDRS:
    case SETTING_PATTERN:
    case SETTING_TEMPLATE: {
        const char *x = *(char *const *)a, *y = *(char *const *)b;
        return x == NULL || y == NULL ? x == y : strcmp(x, y) == 0;
    }
    case SETTING_BOOL:
        return *(const bool *)a == *(const bool *)b;
    case SETTING_PORT:
        return *(const uint16_t *)a == *(const uint16_t *)b;
    case SETTING_UINT:
        return *(const uint32_t *)a == *(const uint32_t *)b;
    case SETTING_SIZE:
        return *(const uint64_t *)a == *(const uint64_t *)b;
    case SETTING_SECONDS:
        return *(const int64_t *)a == *(const int64_t *)b;
    case SETTING_NUMBER:
        return *(const double *)a == *(const double *)b;
    case SETTING_CHOICE:
        return memcmp(a, b, sizeof(int)) == 0;
    case SETTING_BYTES:
    case SETTING_HEX: {
        const struct setting_bytes *x = a, *y = b;
        return x->size == y->size && (x->size == 0 || memcmp(x->bytes, y->bytes, x->size) == 0);
    }
    case SETTING_BLOCK:
    case SETTING_NODE:
        break;
    }
    return true;
}
