#include "collector/events/message_text.h"

#include "shared/base/alloc.h"
#include "shared/base/text.h"
#include "shared/event/kind.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text_of(struct json_object *event, const char *key)
{
    struct json_object *value;
    if (!json_object_object_get_ex(event, key, &value) || value == NULL)
        return "";
    return json_object_get_string(value);
}

static bool is_zh(const char *language)
{
    return strncmp(language, "zh", 2) == 0;
}

/* What is between the name and the id depends on which of them there are. */
static char *device_of(struct json_object *event)
{
    const char *id = text_of(event, "device_id"), *name = text_of(event, "device_name");
    if (id[0] == '\0')
        return xstrdup(text_of(event, "collector"));
    return name[0] != '\0' ? xasprintf("%s (%s)", name, id) : xstrdup(id);
}

char *message_title(struct json_object *event, const char *language)
{
    const struct event_kind_info *kind = event_kind_info(event_kind_find(text_of(event, "type")));
    char *device = device_of(event);
    char *title = is_zh(language) ? xasprintf("%s：%s", kind->title_zh, device)
                                  : xasprintf("%s: %s", kind->title_en, device);
    free(device);
    return title;
}

/* Put ${text} out so that none of it is a mark. */
static void put_escaped(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (strchr("\\`*_[]()<>#|~", *text) != NULL)
            fputc('\\', out);
        fputc(*text == '\n' ? ' ' : *text, out);
    }
}

static void put(FILE *out, const char *text, bool marks)
{
    if (marks)
        put_escaped(out, text);
    else
        fputs(text, out);
}

static void put_line(FILE *out, const char *label, const char *text, bool marks)
{
    if (text[0] == '\0')
        return;
    fputs(marks ? "\n> " : "\n", out);
    fputs(label, out);
    put(out, text, marks);
    if (marks)
        fputs("  ", out); /* a line of its own */
}

static void put_value(FILE *out, struct json_object *event, bool marks)
{
    const char *point = text_of(event, "data_point");
    if (point[0] == '\0')
        return;
    char *text = xasprintf("%s = %s %s", point, text_of(event, "value"), text_of(event, "unit"));
    put_line(out, "", text, marks);
    free(text);
}

static void put_event(FILE *out, struct json_object *event, const char *language, bool marks)
{
    bool zh = is_zh(language);
    char *title = message_title(event, language);
    fputs(marks ? "**" : "", out);
    put(out, title, marks);
    fputs(marks ? "**  " : "", out);
    put_line(out, "", text_of(event, "message"), marks);
    put_value(out, event, marks);
    put_line(out, zh ? "原因：" : "reason: ", text_of(event, "reason"), marks);
    put_line(out, zh ? "时间：" : "time: ", text_of(event, "time"), marks);
    free(title);
}

/* Cut at a whole character, and say so. */
static char *cut(char *text, size_t size, size_t most)
{
    static const char more[] = "\n...";
    size_t end = 0, step;
    if (size <= most)
        return text;
    while (end < size && (step = text_utf8_length((const uint8_t *)text + end, size - end)) > 0 &&
           end + step + sizeof(more) - 1 <= most)
        end += step;
    memcpy(text + end, more, sizeof(more));
    return text;
}

static char *all(struct json_object *events, const char *language, size_t most, bool marks)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    for (size_t i = 0; i < json_object_array_length(events); i++) {
        fputs(i > 0 ? "\n\n" : "", out);
        put_event(out, json_object_array_get_idx(events, i), language, marks);
    }
    fclose(out);
    return cut(text, size, most);
}

char *message_plain(struct json_object *events, const char *language, size_t most)
{
    return all(events, language, most, false);
}

char *message_markdown(struct json_object *events, const char *language, size_t most)
{
    return all(events, language, most, true);
}
