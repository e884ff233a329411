/*
 * A line and the devices from hostile bytes; no file is opened. Whatever they are: faults, or a
 * line whose packets hold all that the matcher relies on.
 */
#include "shared/config/device_config.h"
#include "shared/config/link_config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(int holds)
{
    if (!holds)
        abort();
}

static void check_faults(struct faults *faults, int good)
{
    require(good == (faults->count == 0));
    for (size_t i = 0; i < faults->count; i++) {
        require(strcmp(faults->items[i].file, "fuzz.yml") == 0);
        require(faults->items[i].message[0] != '\0');
        require(strchr(faults->items[i].message, '\n') == NULL);
    }
    faults_clear(faults);
}

static void check_slice(const struct token_def *token, const struct token_slice *slice)
{
    require(slice->offset + slice->length <= token->length);
    require(slice->as != SLICE_UINT || slice->length <= 8);
    require(slice->digits <= 2 * slice->length);
    require(slice->length < LINK_ID_SIZE);
}

static void check_struct(const struct token_def *token)
{
    require(token->length >= 1 && token->length <= TOKEN_LONGEST);
    check_slice(token, &token->id);
    check_slice(token, &token->secret);
    require(token->npieces <= STRUCT_PIECES_MAX);
    for (size_t i = 0; i < token->npieces; i++) {
        require(token->pieces[i].bytes != NULL && token->pieces[i].size >= 1);
        require(token->pieces[i].offset + token->pieces[i].size <= token->length);
    }
}

static void check_token(const struct token_def *token, int heartbeat)
{
    require(token->label != NULL && token->label[0] != '\0');
    require((token->bytes != NULL) == (token->size > 0));
    require((token->end != NULL) == (token->end_size > 0));
    require((token->reply == REPLY_BYTES) == (token->reply_size > 0));
    require(token->size <= TOKEN_LONGEST && token->reply_size <= TOKEN_LONGEST);
    require(token->fixed_id == NULL || strlen(token->fixed_id) < LINK_ID_SIZE);
    require(!heartbeat || token->fixed_id == NULL);
    switch (token->kind) {
    case TOKEN_BYTES:
        require(token->size > 0 && (heartbeat || token->fixed_id != NULL));
        break;
    case TOKEN_TEXT:
        require(token->min >= 1 && token->min <= token->max && token->max < LINK_ID_SIZE);
        require(token->size + token->max + token->end_size <= TOKEN_LONGEST);
        break;
    case TOKEN_REGEX:
        require(token->regex != NULL);
        require(heartbeat || (token->id_group > 0) != (token->fixed_id != NULL));
        break;
    case TOKEN_JSON:
        require(heartbeat || token->id_key != NULL);
        break;
    case TOKEN_STRUCT:
        check_struct(token);
        require(heartbeat || token->id.length > 0);
        break;
    }
}

static void check_link(const struct link_def *link)
{
    require(link->nregistrations <= LINK_TOKENS_MAX && link->nheartbeats <= LINK_TOKENS_MAX);
    for (size_t i = 0; i < link->nregistrations; i++)
        check_token(&link->registrations[i], 0);
    for (size_t i = 0; i < link->nheartbeats; i++)
        check_token(&link->heartbeats[i], 1);
    require(link->timing.idle >= 10 && link->timing.after_connect >= 0);
    require(link->timing.response_timeout == -1 || link->timing.response_timeout >= 50);
    require(link->timing.max_missed == -1 || link->timing.max_missed >= 1);
}

static void feed_line(const struct yaml_doc *doc)
{
    struct faults faults = {0};
    struct link_def link;
    const struct settings_reader reader = {.doc = doc, .faults = &faults};
    const struct settings_place place = {yaml_doc_root(doc), "line", 1};
    const struct config_files files = {NULL};
    int good = link_config_read(&reader, &place, &files, &link) == 0;
    if (good)
        check_link(&link);
    check_faults(&faults, good);
    link_config_clear(&link);
}

static void feed_devices(const struct yaml_doc *doc)
{
    struct faults faults = {0};
    struct profile profile = {.name = (char *)"default"};
    struct data_config config = {.profiles = &profile, .nprofiles = 1};
    const struct settings_reader reader = {.doc = doc, .faults = &faults};
    const struct settings_place place = {yaml_doc_root(doc), "devices", 1};
    const struct config_files files = {NULL};
    int good = device_config_read(&reader, &place, &files, &config) == 0;
    for (size_t i = 0; good && i < config.ndevices; i++) {
        const struct device_def *device = &config.devices[i];
        require(device->name != NULL && device->tags != NULL);
        require(device->dial_host == NULL || (device->profile != NULL && device->dial_port > 0));
        require(i == 0 || strcmp(config.devices[i - 1].id, device->id) < 0);
    }
    check_faults(&faults, good);
    device_config_clear(&config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct faults faults = {0};
    struct yaml_doc *doc = yaml_doc_parse("fuzz.yml", data, len, &faults);
    if (doc != NULL) {
        feed_line(doc);
        feed_devices(doc);
    }
    yaml_doc_free(doc);
    faults_clear(&faults);
    return 0;
}
