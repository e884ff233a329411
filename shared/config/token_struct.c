/*
 * A packet of a fixed length: what is fixed in it, and where the id and the secret lie.
 */
#include "shared/base/alloc.h"
#include "shared/config/setting_value.h"
#include "shared/config/token_config.h"

#include <stdlib.h>

/* The longest text that the slice can give. */
static uint32_t slice_digits(const struct slice_draft *slice)
{
    switch (slice->as) {
    case SLICE_HEX:
        return 2 * slice->length;
    case SLICE_BCD:
        return slice->digits > 0 ? slice->digits : 2 * slice->length;
    case SLICE_TEXT:
    case SLICE_UINT:
        break;
    }
    return slice->length;
}

static void check_slice(struct token_reading *reading, enum struct_key key,
                        const struct slice_draft *slice)
{
    uint32_t whole = reading->draft.length;
    if (slice->offset + slice->length > whole)
        token_fault(reading, key,
                    "bytes %u to %u lie outside of a packet of %u bytes: correct offset and "
                    "length, or the packet's length",
                    slice->offset, slice->offset + slice->length - 1, whole);
    else if (slice->as == SLICE_UINT && slice->length > 8)
        token_fault(reading, key, "a number of %u bytes is too large: 8 at the most, or as: hex",
                    slice->length);
    else if (slice->as != SLICE_BCD && slice->lines[SLICE_DIGITS] > 0)
        token_fault(reading, key, "digits goes with as: bcd only: leave it out");
    else if (slice->digits > 2 * slice->length)
        token_fault(reading, key, "%u bytes hold %u digits, not %u: correct digits or length",
                    slice->length, 2 * slice->length, slice->digits);
    else if (slice_digits(slice) >= LINK_ID_SIZE)
        token_fault(reading, key, "%u characters are too many: %d at the most: take fewer bytes",
                    slice_digits(slice), LINK_ID_SIZE - 1);
}

static struct token_slice read_slice(struct token_reading *reading, enum struct_key key,
                                     const yaml_node_t *node)
{
    struct slice_draft slice = {0};
    if (node == NULL)
        return (struct token_slice){0};
    char *path = xasprintf("%s.%s", reading->place.path, key == STRUCT_ID ? "id" : "secret");
    const struct settings_place place = {node, path, reading->lines[key]};
    if (settings_read(reading->reader, &place, &slice_table, &slice, slice.lines) == 0)
        check_slice(reading, key, &slice);
    free(path);
    return (struct token_slice){
        .offset = (uint16_t)slice.offset,
        .length = (uint16_t)slice.length,
        .as = slice.as,
        .digits = (uint16_t)slice.digits,
    };
}

static char *check_piece(const struct token_reading *reading, const struct token_piece *piece)
{
    const struct token_def *token = reading->out;
    if (piece->offset + piece->size > (int)reading->draft.length)
        return xasprintf("%u bytes from byte %u on end outside of a packet of %u bytes",
                         piece->size, piece->offset, reading->draft.length);
    for (size_t i = 0; i < token->npieces; i++) {
        const struct token_piece *other = &token->pieces[i];
        if (piece->offset < other->offset + other->size &&
            other->offset < piece->offset + piece->size)
            return xasprintf("byte %u is in the bytes from %u on too: let each stand in one place",
                             piece->offset > other->offset ? piece->offset : other->offset,
                             other->offset);
    }
    if (token->npieces == STRUCT_PIECES_MAX)
        return xasprintf("more than %d places with fixed bytes: leave the least telling ones out",
                         STRUCT_PIECES_MAX);
    return NULL;
}

static void read_piece(struct token_reading *reading, const struct yaml_pair *pair)
{
    static const struct setting setting = {.type = SETTING_HEX, .max = TOKEN_LONGEST};
    const char *text = yaml_node_text(pair->value);
    struct setting_bytes bytes = {0};
    uint32_t offset = 0;
    char *problem = NULL;
    if (settings_parse_uint(pair->key, &offset) < 0 || offset >= TOKEN_LONGEST)
        problem =
            xasprintf("the key is the offset of the first byte, from 0 to %d", TOKEN_LONGEST - 1);
    else if (text == NULL)
        problem = xstrdup("write the bytes in hexadecimal, like \"7B 01\"");
    else
        problem = setting_value_parse(&setting, text, text, &bytes);
    struct token_piece piece = {(uint16_t)offset, (uint16_t)bytes.size, bytes.bytes};
    if (problem == NULL)
        problem = check_piece(reading, &piece);
    if (problem == NULL) {
        reading->out->pieces[reading->out->npieces++] = piece;
        return;
    }
    char *path = settings_path("fixed", pair->key);
    faults_add(reading->reader->faults, yaml_doc_name(reading->reader->doc), pair->line,
               "%s.%s: %s", reading->place.path, path, problem);
    free(path);
    free(problem);
    free(bytes.bytes);
}

void token_config_struct(struct token_reading *reading)
{
    struct token_draft *draft = &reading->draft;
    struct token_def *out = reading->out;
    out->length = (uint16_t)draft->length;
    for (size_t i = 0; i < yaml_doc_count(draft->fixed); i++) {
        struct yaml_pair pair = yaml_doc_pair(reading->reader->doc, draft->fixed, i);
        read_piece(reading, &pair);
    }
    out->id = read_slice(reading, STRUCT_ID, draft->id_at);
    out->secret = read_slice(reading, STRUCT_SECRET, draft->secret_at);
    if (!reading->heartbeat && draft->id_at == NULL)
        token_fault(reading, STRUCT_ID,
                    "missing: add \"id: {offset: ..., length: ...}\", where "
                    "the DTU's id lies");
    if (reading->heartbeat && yaml_doc_count(draft->fixed) == 0)
        token_fault(reading, STRUCT_FIXED,
                    "missing: any %u bytes would be this heartbeat: say which are always the same",
                    draft->length);
}
