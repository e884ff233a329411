/* What a URL that we are to call may be. */
#include "shared/base/alloc.h"
#include "shared/config/webhook_file.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

/* A password without a user gives an empty user. */
static bool has_user(CURLU *url)
{
    char *text = NULL;
    bool has = curl_url_get(url, CURLUPART_USER, &text, 0) == CURLUE_OK;
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    curl_free(text);
    return has;
}

/* The host without the brackets of an IPv6 address; libcurl has put an IPv4 address in any of its
 * spellings (2852039166, 0xa9fea9fe) into the usual one. */
static char *host_of(CURLU *url)
{
    char *text = NULL, *host;
    if (curl_url_get(url, CURLUPART_HOST, &text, 0) != CURLUE_OK)
        return xstrdup("");
    size_t len = strlen(text);
    host = text[0] == '[' && len > 2 ? xstrndup(text + 1, len - 2) : xstrdup(text);
    curl_free(text);
    return host;
}

char *webhook_url_problem(const char *text, const struct cidr_list *deny)
{
    CURLU *url = curl_url();
    char *problem = NULL;
    if (url == NULL)
        abort();
    if (curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK) {
        curl_url_cleanup(url);
        return xstrdup("not a URL: write it like https://host/path");
    }
    char *host = host_of(url);
    if (has_user(url))
        problem = xstrdup("a user or a password stands in it: take it out, and give the target, "
                          "below targets:, headers: {Authorization: \"Basic ...\"}, with "
                          "user:password in base64");
    else if (strchr(text, '#') != NULL)
        problem = xstrdup("a # and what follows it is not sent to a server: leave it out, or write "
                          "%23 for the character");
    else if (cidr_list_holds(deny, host))
        problem = xasprintf("the address %s is never called: name another, or take it out of "
                            "webhooks.deny",
                            host);
    free(host);
    curl_url_cleanup(url);
    return problem;
}
