#include "collector/events/sign.h"

#include "shared/base/alloc.h"

#include <curl/curl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAC_SIZE = crypto_auth_hmacsha256_BYTES,
    MAC_TEXT_SIZE = sodium_base64_ENCODED_LEN(MAC_SIZE, sodium_base64_VARIANT_ORIGINAL),
    KEY_MOST = 1024,
};

static const char prefix[] = "whsec_";

/* One secret of the list, as the key's bytes; returns their number. */
static size_t key_of(const char *secret, size_t len, uint8_t key[KEY_MOST])
{
    size_t size = 0, skip = sizeof(prefix) - 1;
    if (len > skip && strncmp(secret, prefix, skip) == 0 &&
        sodium_base642bin(key, KEY_MOST, secret + skip, len - skip, NULL, &size, NULL,
                          sodium_base64_VARIANT_ORIGINAL) == 0)
        return size;
    size = len < KEY_MOST ? len : KEY_MOST;
    memcpy(key, secret, size);
    return size;
}

static void to_text(const uint8_t mac[MAC_SIZE], char out[MAC_TEXT_SIZE])
{
    sodium_bin2base64(out, MAC_TEXT_SIZE, mac, MAC_SIZE, sodium_base64_VARIANT_ORIGINAL);
}

char *sign_standard(const char *secret, const char *id, int64_t ts_s, const void *body, size_t size)
{
    char *signs = xstrdup(""), *longer, text[MAC_TEXT_SIZE], head[128];
    int head_size = snprintf(head, sizeof(head), "%.64s.%lld.", id, (long long)ts_s);
    for (;;) {
        secret += strspn(secret, " ");
        size_t len = strcspn(secret, " ");
        if (len == 0)
            return signs;
        uint8_t key[KEY_MOST], mac[MAC_SIZE];
        crypto_auth_hmacsha256_state state;
        crypto_auth_hmacsha256_init(&state, key, key_of(secret, len, key));
        crypto_auth_hmacsha256_update(&state, (const uint8_t *)head, (size_t)head_size);
        crypto_auth_hmacsha256_update(&state, body, size);
        crypto_auth_hmacsha256_final(&state, mac);
        sodium_memzero(key, sizeof(key));
        to_text(mac, text);
        longer = xasprintf("%s%sv1,%s", signs, signs[0] ? " " : "", text);
        free(signs);
        signs = longer;
        secret += len;
    }
}

/* Both robots use the time and the secret, a line each, as one text. */
static char *line_pair(int64_t time, const char *secret)
{
    return xasprintf("%lld\n%s", (long long)time, secret);
}

static void mac_text(const void *key, size_t key_size, const void *text, size_t size,
                     char out[MAC_TEXT_SIZE])
{
    uint8_t mac[MAC_SIZE];
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, key, key_size);
    crypto_auth_hmacsha256_update(&state, text, size);
    crypto_auth_hmacsha256_final(&state, mac);
    to_text(mac, out);
}

void sign_dingtalk(const char *secret, int64_t ts_ms, char out[SIGN_SIZE])
{
    char *pair = line_pair(ts_ms, secret), text[MAC_TEXT_SIZE];
    mac_text(secret, strlen(secret), pair, strlen(pair), text);
    char *escaped = curl_easy_escape(NULL, text, 0);
    snprintf(out, SIGN_SIZE, "%s", escaped != NULL ? escaped : "");
    curl_free(escaped);
    free(pair);
}

void sign_feishu(const char *secret, int64_t ts_s, char out[SIGN_SIZE])
{
    char *pair = line_pair(ts_s, secret), text[MAC_TEXT_SIZE];
    mac_text(pair, strlen(pair), "", 0, text);
    snprintf(out, SIGN_SIZE, "%s", text);
    free(pair);
}
