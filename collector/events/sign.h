/*
 * Signatures of webhooks. Sources of the forms: standardwebhooks.com (specification), DingTalk's
 * and Feishu's documentation of custom robots. Pure; any thread.
 */
#ifndef DTUHUB_COLLECTOR_EVENTS_SIGN_H
#define DTUHUB_COLLECTOR_EVENTS_SIGN_H

#include <stddef.h>
#include <stdint.h>

enum { SIGN_SIZE = 160 };

/**
 * sign_standard(secret, id, ts_s, body, size, out): the value of webhook-signature: "v1," and
 * base64 of HMAC-SHA256 over "id.timestamp.body". ${secret} is "whsec_" and base64, or any text.
 * Several secrets separated by blanks give several signatures, so that a secret can be changed.
 */
char *sign_standard(const char *secret, const char *id, int64_t ts_s, const void *body,
                    size_t size);

/** sign_dingtalk(secret, ts_ms, out): what goes behind "&sign=", percent-encoded. */
void sign_dingtalk(const char *secret, int64_t ts_ms, char out[SIGN_SIZE]);

/** sign_feishu(secret, ts_s, out): "sign" of the body. */
void sign_feishu(const char *secret, int64_t ts_s, char out[SIGN_SIZE]);

#endif
