#include "shared/config/link_config.h"

#include "shared/base/alloc.h"
#include "shared/config/link_draft.h"
#include "shared/config/link_file.h"
#include "shared/config/quote.h"
#include "shared/config/setting_value.h"
#include "shared/config/token_config.h"

#include <stdlib.h>
#include <string.h>

enum { LABEL_MAX = 64, IDLE_DEFAULT_MS = 200 };

void link_config_default(struct link_def *out)
{
    *out = (struct link_def){
        .framing = FRAMING_TLV,
        .registration_required = true,
        .timing = {.response_timeout = -1,
                   .request_gap = -1,
                   .slave_gap = -1,
                   .idle = IDLE_DEFAULT_MS,
                   .heartbeat_timeout = -1,
                   .registration_timeout = -1,
                   .max_missed = -1,
                   .max_timeouts = -1,
                   .retries = -1},
    };
}

static void drop_packet(struct packet_list *list, size_t i)
{
    free(list->items[i].label);
    free(list->items[i].path);
    memmove(&list->items[i], &list->items[i + 1], (list->count - i - 1) * sizeof(*list->items));
    list->count--;
}

/* A label is for messages, logs and pages. */
static int check_label(const struct packet_draft *packet)
{
    static const struct setting setting = {.type = SETTING_STRING, .min = 1, .max = LABEL_MAX};
    char *text = NULL;
    char *problem = setting_value_parse(&setting, packet->label, packet->label, &text);
    free(text);
    if (problem == NULL)
        return 0;
    faults_add(packet->reader->faults, yaml_doc_name(packet->reader->doc), packet->line,
               "%s: the label of a packet: %s", packet->path, problem);
    free(problem);
    return -1;
}

/* A packet takes the place of the one that had its label; null takes that out. */
static void list_packet(struct packet_list *list, const struct packet_draft *packet, bool is_null)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].label, packet->label) != 0)
            continue;
        drop_packet(list, i);
        break;
    }
    if (is_null || check_label(packet) < 0) {
        free(packet->label);
        free(packet->path);
        return;
    }
    list->items = xreallocarray(list->items, list->count + 1, sizeof(*list->items));
    list->items[list->count++] = *packet;
}

static void list_packets(const struct settings_reader *reader, const char *section,
                         const yaml_node_t *node, struct packet_list *list)
{
    for (size_t i = 0; i < yaml_doc_count(node); i++) {
        struct yaml_pair pair = yaml_doc_pair(reader->doc, node, i);
        struct packet_draft packet = {.label = xstrdup(pair.key),
                                      .path = settings_path(section, pair.key),
                                      .reader = reader,
                                      .node = pair.value,
                                      .line = pair.line};
        list_packet(list, &packet, yaml_node_is_null(pair.value));
    }
}

/* A section of the line, on top of what the draft holds. */
struct layer {
    const struct settings_reader *reader;
    const struct settings_place *place;
    struct line_draft *draft;
};

static void overlay_section(const struct layer *layer, enum line_key key, const yaml_node_t *node,
                            const struct settings_table *table, unsigned *lines)
{
    const char *name = setting_key(&line_table.settings[key]);
    char *path = xasprintf("%s.%s", layer->place->path, name);
    const struct settings_place place = {node, path, layer->draft->lines[key]};
    settings_overlay(layer->reader, &place, table, layer->draft, lines);
    free(path);
}

static void overlay_packets(const struct layer *layer, const char *section, const yaml_node_t *node,
                            struct packet_list *list)
{
    char *path = xasprintf("%s.%s.packets", layer->place->path, section);
    list_packets(layer->reader, path, node, list);
    free(path);
}

static void overlay(const struct layer *layer)
{
    struct line_draft *draft = layer->draft;
    unsigned unused[TIMING_KEYS];
    draft->registration = draft->heartbeat = draft->timing = NULL;
    draft->registration_packets = draft->heartbeat_packets = NULL;
    memset(draft->lines, 0, sizeof(draft->lines));
    memset(draft->registration_lines, 0, sizeof(draft->registration_lines));
    settings_overlay(layer->reader, layer->place, &line_table, draft, draft->lines);
    overlay_section(layer, LINE_REGISTRATION, draft->registration, &registration_table,
                    draft->registration_lines);
    overlay_section(layer, LINE_HEARTBEAT, draft->heartbeat, &heartbeat_table, unused);
    overlay_section(layer, LINE_TIMING, draft->timing, &timing_table, unused);
    overlay_packets(layer, "registration", draft->registration_packets, &draft->registrations);
    overlay_packets(layer, "heartbeat", draft->heartbeat_packets, &draft->heartbeats);
}

/* What "base:" of a section says, or the text that stands in place of a section. */
static const char *base_of(const struct settings_reader *reader, const struct settings_place *place,
                           unsigned *line)
{
    *line = place->line;
    for (size_t i = 0; i < yaml_doc_count(place->node); i++) {
        struct yaml_pair pair = yaml_doc_pair(reader->doc, place->node, i);
        if (strcmp(pair.key, "base") != 0 || yaml_node_is_null(pair.value))
            continue;
        *line = pair.line;
        return yaml_node_text(pair.value);
    }
    return yaml_node_text(place->node);
}

static void overlay_file(const struct settings_reader *reader, struct line_draft *draft)
{
    const struct settings_place place = {yaml_doc_root(reader->doc), "line", 1};
    overlay(&(struct layer){reader, &place, draft});
    if (draft->lines[LINE_BASE] > 0)
        faults_add(reader->faults, yaml_doc_name(reader->doc), draft->lines[LINE_BASE],
                   "line.base: a family that others build on has no base itself: write its keys "
                   "into this file");
}

static void link_fault(const struct layer *layer, unsigned line, const char *key,
                       const char *problem)
{
    faults_add(layer->reader->faults, yaml_doc_name(layer->reader->doc),
               line > 0 ? line : layer->place->line, "%s.%s: %s", layer->place->path, key, problem);
}

static bool framing_registers(enum framing_kind framing)
{
    return framing == FRAMING_TLV || framing == FRAMING_DDP || framing == FRAMING_ALOTCER;
}

/* What no single key can tell. */
static void check_line(const struct layer *layer)
{
    const struct line_draft *draft = layer->draft;
    const struct link_def *link = &draft->link;
    if (link->listen_only && link->framing == FRAMING_MBAP)
        link_fault(layer, draft->lines[LINE_LISTEN_ONLY], "listen_only",
                   "a DTU with framing mbap answers only, it sends nothing by itself: leave "
                   "listen_only out, or choose another framing");
    if (link->registration_required && draft->registrations.count == 0 &&
        !framing_registers(link->framing))
        link_fault(layer, draft->lines[LINE_REGISTRATION], "registration.packets",
                   "missing: this framing has no registration packet of its own: describe the "
                   "DTU's, or write \"required: false\" below registration where it sends none");
}

/* The line of this section that brought "when" to a packet of the family below it; 0: the file of
 * the packet says itself when it is sent. */
static unsigned line_of_when(const struct layer *layer, const struct packet_draft *packet)
{
    bool section = yaml_node_text(layer->place->node) == NULL;
    return section && packet->reader != layer->reader ? layer->draft->registration_lines[REG_WHEN]
                                                      : 0;
}

/* Where the packet stands in front of others, its end must be in it. */
static void check_end(const struct layer *layer, const struct packet_draft *packet,
                      const struct token_def *token)
{
    const char *problem = NULL, *file = yaml_doc_name(packet->reader->doc);
    if (token->kind == TOKEN_TEXT && token->end == NULL && token->min != token->max)
        problem = "no silence ends a registration in front of every packet: give it a length or "
                  "an end";
    else if (token->kind == TOKEN_STRUCT && token->npieces == 0)
        problem = "any packet of this length would be the registration in front of it: say what "
                  "is fixed in it";
    if (problem == NULL)
        return;
    unsigned line = line_of_when(layer, packet);
    if (line > 0)
        faults_add(layer->reader->faults, yaml_doc_name(layer->reader->doc), line,
                   "%s.registration.when: the family's packet %s (%s:%u) is not made for that: %s "
                   "below registration.packets here, or take it out (%s: null)",
                   layer->place->path, QUOTE(packet->label), file, packet->line, problem,
                   packet->label);
    else
        faults_add(packet->reader->faults, file, packet->line, "%s: %s", packet->path, problem);
}

static bool is_same(const struct token_def *a, const struct token_def *b)
{
    return a->kind == TOKEN_BYTES && b->kind == TOKEN_BYTES && a->size == b->size && a->size > 0 &&
           memcmp(a->bytes, b->bytes, a->size) == 0;
}

static void check_twins(const struct packet_list *list, const struct token_def *tokens, size_t i)
{
    const struct packet_draft *packet = &list->items[i];
    for (size_t k = 0; k < i; k++) {
        if (!is_same(&tokens[i], &tokens[k]))
            continue;
        faults_add(packet->reader->faults, yaml_doc_name(packet->reader->doc), packet->line,
                   "%s: these are the bytes of %s too: keep one of them", packet->path,
                   list->items[k].path);
        return;
    }
}

static struct token_def *make_tokens(const struct layer *layer, const struct packet_list *list,
                                     size_t *count)
{
    bool heartbeat = list == &layer->draft->heartbeats;
    bool ends = !heartbeat && layer->draft->link.when != REGISTER_ONCE;
    struct token_def *tokens = xcalloc(list->count, sizeof(*tokens));
    *count = list->count;
    for (size_t i = 0; i < list->count; i++) {
        if (token_config_read(&list->items[i], heartbeat, &tokens[i]) < 0)
            continue;
        if (ends)
            check_end(layer, &list->items[i], &tokens[i]);
        check_twins(list, tokens, i);
    }
    return tokens;
}

static void check_count(const struct packet_list *list)
{
    if (list->count <= LINK_TOKENS_MAX)
        return;
    const struct packet_draft *packet = &list->items[LINK_TOKENS_MAX];
    faults_add(packet->reader->faults, yaml_doc_name(packet->reader->doc), packet->line,
               "%s: more than %d packets: put the fixed parts of several into one regex",
               packet->path, LINK_TOKENS_MAX);
}

static void make_link(const struct layer *layer, struct link_def *out)
{
    struct line_draft *draft = layer->draft;
    size_t before = layer->reader->faults->count;
    *out = draft->link;
    check_count(&draft->registrations);
    check_count(&draft->heartbeats);
    if (layer->reader->faults->count > before)
        return;
    out->registrations = make_tokens(layer, &draft->registrations, &out->nregistrations);
    out->heartbeats = make_tokens(layer, &draft->heartbeats, &out->nheartbeats);
    check_line(layer);
}

static void clear_list(struct packet_list *list)
{
    while (list->count > 0)
        drop_packet(list, list->count - 1);
    free(list->items);
}

static void read_layers(const struct layer *own, struct settings_reader *base, const char *name,
                        struct link_def *out)
{
    size_t before = own->reader->faults->count;
    if (base->doc != NULL)
        overlay_file(base, own->draft);
    if (yaml_node_text(own->place->node) == NULL)
        overlay(own);
    /* Half a line would only bring more faults. */
    if (own->reader->faults->count == before && (name == NULL || base->doc != NULL))
        make_link(own, out);
}

int link_config_read(const struct settings_reader *reader, const struct settings_place *place,
                     const struct config_files *files, struct link_def *out)
{
    size_t before = reader->faults->count;
    link_config_default(out);
    if (place == NULL || place->node == NULL || yaml_node_is_null(place->node))
        return 0;
    struct line_draft draft = {.link = *out};
    struct settings_reader base = {.faults = reader->faults};
    struct link_naming naming = {reader, place->path, place->line};
    const char *name = base_of(reader, place, &naming.line);
    struct yaml_doc *doc = name != NULL ? link_file_load(&naming, files, name) : NULL;
    base.doc = doc;
    read_layers(&(struct layer){reader, place, &draft}, &base, name, out);
    settings_free(&line_table, &draft);
    clear_list(&draft.registrations);
    clear_list(&draft.heartbeats);
    int result = reader->faults->count == before ? 0 : -1;
    if (doc != NULL) /* profiles that build on the same file say its faults once */
        faults_drop_repeated(reader->faults, before);
    yaml_doc_free(doc);
    return result;
}

static void clear_tokens(struct token_def *tokens, size_t count)
{
    for (size_t i = 0; i < count; i++)
        token_config_clear(&tokens[i]);
    free(tokens);
}

void link_config_clear(struct link_def *link)
{
    clear_tokens(link->registrations, link->nregistrations);
    clear_tokens(link->heartbeats, link->nheartbeats);
    memset(link, 0, sizeof(*link));
}
