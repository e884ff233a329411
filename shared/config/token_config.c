#include "shared/config/token_config.h"

#include "shared/base/alloc.h"
#include "shared/config/quote.h"
#include "shared/config/setting_value.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

void token_fault(struct token_reading *reading, size_t key, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *problem = xvasprintf(fmt, args);
    va_end(args);
    const struct settings_table *table = &token_tables[reading->draft.kind];
    unsigned line = reading->lines[key] > 0 ? reading->lines[key] : reading->place.line;
    faults_add(reading->reader->faults, yaml_doc_name(reading->reader->doc), line, "%s.%s: %s",
               reading->place.path, setting_key(&table->settings[key]), problem);
    free(problem);
}

/* Move the bytes out of the draft. */
static uint8_t *take_bytes(struct setting_bytes *from, size_t *size)
{
    uint8_t *bytes = from->bytes;
    *size = from->size;
    *from = (struct setting_bytes){0};
    return bytes;
}

static char *take_text(char **from)
{
    char *text = *from;
    *from = NULL;
    return text;
}

static void read_bytes(struct token_reading *reading)
{
    struct token_draft *draft = &reading->draft;
    struct token_def *out = reading->out;
    if (draft->text.bytes != NULL && draft->hex.bytes != NULL)
        token_fault(reading, BYTES_HEX, "text is given too (line %u): keep one of them",
                    reading->lines[BYTES_TEXT]);
    else if (draft->text.bytes == NULL && draft->hex.bytes == NULL)
        token_fault(reading, BYTES_TEXT,
                    "missing: add \"text: ...\" or \"hex: ...\", the bytes of "
                    "the packet");
    out->bytes = take_bytes(draft->text.bytes != NULL ? &draft->text : &draft->hex, &out->size);
    if (reading->heartbeat && draft->id != NULL)
        token_fault(reading, BYTES_ID, "a heartbeat names nobody: leave id out");
    else if (!reading->heartbeat && draft->id == NULL)
        token_fault(reading, BYTES_ID,
                    "missing: fixed bytes do not say which DTU sends them: add \"id: ...\", or "
                    "choose another kind where the packet holds the id");
    out->fixed_id = take_text(&draft->id);
}

static void check_text_length(struct token_reading *reading)
{
    const struct token_draft *draft = &reading->draft;
    if (reading->lines[TEXT_LENGTH] > 0) {
        size_t other = reading->lines[TEXT_MIN] > 0 ? TEXT_MIN : TEXT_MAX;
        if (reading->lines[other] > 0)
            token_fault(reading, other,
                        "length is given too (line %u): keep length, or min and "
                        "max",
                        reading->lines[TEXT_LENGTH]);
    } else if (draft->min > draft->max) {
        token_fault(reading, reading->lines[TEXT_MAX] > 0 ? TEXT_MAX : TEXT_MIN,
                    "min is %u and max is %u: min cannot be above max", draft->min, draft->max);
    }
    size_t whole = draft->start.size + draft->max + draft->end.size;
    if (whole > TOKEN_LONGEST)
        token_fault(reading, draft->start.size > draft->end.size ? TEXT_START : TEXT_END,
                    "start, id and end can be %zu bytes long together: a packet has %d at the most",
                    whole, TOKEN_LONGEST);
}

static void read_text(struct token_reading *reading)
{
    struct token_draft *draft = &reading->draft;
    struct token_def *out = reading->out;
    check_text_length(reading);
    bool fixed = reading->lines[TEXT_LENGTH] > 0;
    out->min = (uint16_t)(fixed ? draft->length : draft->min);
    out->max = (uint16_t)(fixed ? draft->length : draft->max);
    out->chars = draft->chars;
    out->bytes = take_bytes(&draft->start, &out->size);
    out->end = take_bytes(&draft->end, &out->end_size);
}

static void read_json(struct token_reading *reading)
{
    if (!reading->heartbeat && reading->draft.id == NULL)
        token_fault(reading, JSON_ID,
                    "missing: add \"id: ...\", the key of the object whose value "
                    "is the DTU's id");
    reading->out->id_key = take_text(&reading->draft.id);
    reading->out->secret_key = take_text(&reading->draft.secret);
}

static void read_reply_bytes(struct token_reading *reading)
{
    struct reply_draft reply = {0};
    struct token_def *out = reading->out;
    char *path = xasprintf("%s.reply", reading->place.path);
    const struct settings_place place = {reading->draft.reply, path, reading->lines[TOKEN_REPLY]};
    int result = settings_read(reading->reader, &place, &reply_table, &reply, NULL);
    if (result == 0 && (reply.text.bytes == NULL) == (reply.hex.bytes == NULL))
        token_fault(reading, TOKEN_REPLY, "write one of {text: ...} and {hex: ...}, or echo");
    out->reply = REPLY_BYTES;
    out->reply_bytes =
        take_bytes(reply.text.bytes != NULL ? &reply.text : &reply.hex, &out->reply_size);
    settings_free(&reply_table, &reply);
    free(path);
}

static void read_reply(struct token_reading *reading)
{
    const yaml_node_t *node = reading->draft.reply;
    const char *text = node != NULL ? yaml_node_text(node) : NULL;
    if (node == NULL)
        return;
    if (node->type == YAML_MAPPING_NODE)
        read_reply_bytes(reading);
    else if (text != NULL && strcmp(text, "echo") == 0)
        reading->out->reply = REPLY_ECHO;
    else
        token_fault(reading, TOKEN_REPLY,
                    "%s is no answer: write echo, or the bytes as {text: \"A\"} or {hex: \"01\"}",
                    QUOTE(text != NULL ? text : "a list"));
}

/* Its kind says which keys a packet has. */
static int find_kind(struct token_reading *reading)
{
    const struct setting *setting = &token_tables[TOKEN_BYTES].settings[TOKEN_KIND];
    const struct settings_place *place = &reading->place;
    const char *file = yaml_doc_name(reading->reader->doc), *text = NULL;
    unsigned line = place->line;
    if (place->node->type != YAML_MAPPING_NODE) {
        faults_add(reading->reader->faults, file, line,
                   "%s is a section: write kind: and the packet's other keys below it, indented",
                   place->path);
        return -1;
    }
    for (size_t i = 0; i < yaml_doc_count(place->node); i++) {
        struct yaml_pair pair = yaml_doc_pair(reading->reader->doc, place->node, i);
        if (strcmp(pair.key, "kind") != 0 || yaml_node_is_null(pair.value))
            continue;
        text = yaml_node_text(pair.value);
        text = text != NULL ? text : "";
        line = pair.line;
    }
    char *problem = text != NULL ? setting_value_parse(setting, text, text, &reading->draft.kind)
                                 : xstrdup("missing: say what the packet is like: bytes, text, "
                                           "regex, json or struct");
    if (problem == NULL)
        return 0;
    faults_add(reading->reader->faults, file, line, "%s.kind: %s", place->path, problem);
    free(problem);
    return -1;
}

static void read_kind(struct token_reading *reading)
{
    static void (*const readers[TOKEN_KINDS])(struct token_reading *) = {
        [TOKEN_BYTES] = read_bytes,           [TOKEN_TEXT] = read_text,
        [TOKEN_REGEX] = token_config_regex,   [TOKEN_JSON] = read_json,
        [TOKEN_STRUCT] = token_config_struct,
    };
    readers[reading->draft.kind](reading);
    read_reply(reading);
}

int token_config_read(const struct packet_draft *packet, bool heartbeat, struct token_def *out)
{
    struct token_reading reading = {
        .reader = packet->reader,
        .place = {packet->node, packet->path, packet->line},
        .heartbeat = heartbeat,
        .out = out,
    };
    size_t before = packet->reader->faults->count;
    *out = (struct token_def){.label = xstrdup(packet->label)};
    if (find_kind(&reading) < 0)
        return -1;
    const struct settings_table *table = &token_tables[reading.draft.kind];
    out->kind = reading.draft.kind;
    if (settings_read(reading.reader, &reading.place, table, &reading.draft, reading.lines) == 0)
        read_kind(&reading);
    settings_free(table, &reading.draft);
    return packet->reader->faults->count == before ? 0 : -1;
}

void token_config_clear(struct token_def *token)
{
    for (size_t i = 0; i < token->npieces; i++)
        free(token->pieces[i].bytes);
    pcre2_code_free(token->regex);
    free(token->pattern);
    free(token->label);
    free(token->bytes);
    free(token->end);
    free(token->id_key);
    free(token->secret_key);
    free(token->fixed_id);
    free(token->reply_bytes);
    *token = (struct token_def){0};
}
