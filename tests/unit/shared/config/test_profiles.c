/*
 * The families that config/profiles/ ships: each loads, and says what its boxes do.
 */
#include "tests/unit/shared/config/line_parts.h"

#include <dirent.h>

struct expected {
    const char *name;
    enum framing_kind framing;
    enum registration_when when;
    bool required;
    const char *registrations; /* label:kind ... */
    const char *heartbeats;
    int64_t talk_within;
};

static const struct expected families[] = {
    {"tlv", FRAMING_TLV, REGISTER_ONCE, true, "", "", 0},
    {"usr", FRAMING_RTU, REGISTER_ONCE, true, "login:1 mac:4 imei:1 iccid:1", "default:0", 0},
    {"usr_every", FRAMING_RTU, REGISTER_BOTH, true, "login:1 mac:4 imei:1", "default:0", 0},
    {"hiflying", FRAMING_RTU, REGISTER_ONCE, true, "login:1 imei:1 mac:1", "ping:0", 0},
    {"irtu", FRAMING_RTU, REGISTER_ONCE, true, "json:3", "ping:0 zero:0", 0},
    {"irtu_imei", FRAMING_RTU, REGISTER_BOTH, true, "json:3 imei:1", "ping:0 zero:0", 0},
    {"irtu_bin", FRAMING_RTU, REGISTER_ONCE, true, "bin:4", "ping:0 zero:0", 0},
    {"irtu_hex", FRAMING_HEX, REGISTER_ONCE, true, "json:3 imei:1", "ping:0 zero:0", 0},
    {"ebyte", FRAMING_RTU, REGISTER_ONCE, true, "login:1 imei:1 mac:1", "ping:0", 50000},
    {"ebyte_mbap", FRAMING_MBAP, REGISTER_ONCE, true, "login:1 imei:1 mac:1", "ping:0", 50000},
    {"waveshare", FRAMING_RTU, REGISTER_ONCE, true, "login:1 mac:1", "ping:0", 0},
    {"ddp", FRAMING_DDP, REGISTER_ONCE, true, "", "", 0},
    {"four_faith", FRAMING_ESCAPED, REGISTER_ONCE, true, "prot:4", "fe:0", 0},
    {"alotcer", FRAMING_ALOTCER, REGISTER_ONCE, true, "", "", 0},
    {"tlink", FRAMING_RTU, REGISTER_ONCE, true, "serial:1", "q:0", 0},
    {"moxa", FRAMING_RTU, REGISTER_ONCE, false, "", "", 0},
    {"mbap_dial", FRAMING_MBAP, REGISTER_ONCE, false, "", "", 0},
};
enum { FAMILIES = sizeof(families) / sizeof(*families) };

static void expect_tokens(const struct token_def *tokens, size_t n, const char *expected)
{
    char text[256] = "";
    size_t used = 0;
    for (size_t i = 0; i < n; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s:%d", i > 0 ? " " : "",
                                 tokens[i].label, (int)tokens[i].kind);
    assert_string_equal(text, expected);
}

static void each_says_what_its_boxes_do(void **state)
{
    (void)state;
    for (size_t i = 0; i < FAMILIES; i++) {
        const struct expected *family = &families[i];
        struct link_def link = good_line(family->name, "config");
        assert_int_equal(link.framing, family->framing);
        assert_int_equal(link.when, family->when);
        assert_int_equal(link.registration_required, family->required);
        assert_false(link.listen_only);
        expect_tokens(link.registrations, link.nregistrations, family->registrations);
        expect_tokens(link.heartbeats, link.nheartbeats, family->heartbeats);
        assert_int_equal(link.timing.talk_within, family->talk_within);
        assert_true(link.timing.idle >= 200 && link.timing.idle <= 500);
        link_config_clear(&link);
    }
}

static void none_is_left_out_here(void **state)
{
    (void)state;
    DIR *dir = opendir("config/profiles");
    assert_non_null(dir);
    struct dirent *entry;
    size_t n = 0;
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        size_t i = 0, len = strlen(entry->d_name);
        assert_true(len > 4);
        assert_string_equal(entry->d_name + len - 4, ".yml");
        entry->d_name[len - 4] = '\0';
        while (i < FAMILIES && strcmp(families[i].name, entry->d_name) != 0)
            i++;
        if (i == FAMILIES)
            fail_msg("config/profiles/%s.yml is not looked at here", entry->d_name);
        n++;
    }
    closedir(dir);
    assert_int_equal(n, FAMILIES);
}

/* Whoever opens one finds what to set in the box. */
static void each_begins_with_what_it_is_for(void **state)
{
    (void)state;
    for (size_t i = 0; i < FAMILIES; i++) {
        char path[96], first[256] = "";
        snprintf(path, sizeof(path), "config/profiles/%s.yml", families[i].name);
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        assert_non_null(fgets(first, sizeof(first), file));
        fclose(file);
        assert_memory_equal(first, "# ", 2);
    }
}

static void a_usr_mac_and_text(void **state)
{
    (void)state;
    struct link_def link = good_line("usr", "config");
    const struct token_def *login = &link.registrations[0], *mac = &link.registrations[1];
    assert_memory_equal(login->bytes, "LOGIN:", 6);
    assert_int_equal(login->size, 6);
    assert_null(login->end);
    assert_int_equal(login->size + login->max, 40); /* what the box takes */
    assert_int_equal(mac->length, 6);
    assert_int_equal(mac->npieces, 1);
    assert_memory_equal(mac->pieces[0].bytes, "\xd8\xb0\x4c", 3);
    assert_int_equal(mac->id.as, SLICE_HEX);
    assert_int_equal(mac->id.length, 6);
    assert_memory_equal(link.heartbeats[0].bytes, "www.usr.cn", 10);
    link_config_clear(&link);
}

static void irtu_in_bytes(void **state)
{
    (void)state;
    struct link_def link = good_line("irtu_bin", "config");
    const struct token_def *bin = &link.registrations[0];
    assert_int_equal(bin->length, 19);
    assert_int_equal(bin->id.offset, 1);
    assert_int_equal(bin->id.length, 8);
    assert_int_equal(bin->id.as, SLICE_BCD);
    assert_int_equal(bin->id.digits, 15);
    link_config_clear(&link);
    link = good_line("irtu", "config");
    assert_string_equal(link.registrations[0].id_key, "imei");
    assert_null(link.registrations[0].secret_key);
    assert_int_equal(link.heartbeats[1].size, 1);
    assert_int_equal(link.heartbeats[1].bytes[0], 0);
    link_config_clear(&link);
}

static void tlink_is_answered(void **state)
{
    (void)state;
    struct link_def link = good_line("tlink", "config");
    assert_int_equal(link.heartbeats[0].reply, REPLY_BYTES);
    assert_int_equal(link.heartbeats[0].reply_size, 1);
    assert_int_equal(link.heartbeats[0].reply_bytes[0], 'A');
    link_config_clear(&link);
}

static void four_faith_is_known_by_its_phone_number(void **state)
{
    (void)state;
    struct link_def link = good_line("four_faith", "config");
    const struct token_def *prot = &link.registrations[0];
    assert_int_equal(prot->length, 21);
    assert_int_equal(prot->id.offset, 4);
    assert_int_equal(prot->id.length, 11);
    assert_int_equal(prot->pieces[0].offset, 15);
    assert_int_equal(prot->pieces[1].offset, 20);
    link_config_clear(&link);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_says_what_its_boxes_do),
        cmocka_unit_test(none_is_left_out_here),
        cmocka_unit_test(each_begins_with_what_it_is_for),
        cmocka_unit_test(a_usr_mac_and_text),
        cmocka_unit_test(irtu_in_bytes),
        cmocka_unit_test(tlink_is_answered),
        cmocka_unit_test(four_faith_is_known_by_its_phone_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
