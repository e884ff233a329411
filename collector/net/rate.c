#include "collector/net/rate.h"

enum { TOKEN = 1000 };

static int64_t room(const struct rate *rate)
{
    int64_t burst = rate->per_second / 10;
    return (burst > 1 ? burst : 1) * TOKEN;
}

/* per_second tokens in 1000 ms are per_second thousandths in each. */
static void fill(struct rate *rate, int64_t now_ms)
{
    if (now_ms <= rate->at_ms)
        return;
    int64_t missing = room(rate) - rate->tokens, elapsed_ms = now_ms - rate->at_ms;
    rate->at_ms = now_ms;
    if (rate->per_second > 0 && elapsed_ms < missing / rate->per_second + 1)
        missing = elapsed_ms * rate->per_second < missing ? elapsed_ms * rate->per_second : missing;
    rate->tokens += missing;
}

void rate_init(struct rate *rate, uint32_t per_second, int64_t now_ms)
{
    rate->per_second = per_second;
    rate->at_ms = now_ms;
    rate->tokens = room(rate);
}

void rate_set(struct rate *rate, uint32_t per_second, int64_t now_ms)
{
    fill(rate, now_ms);
    rate->per_second = per_second;
    if (rate->tokens > room(rate))
        rate->tokens = room(rate);
}

int64_t rate_next_ms(struct rate *rate, int64_t now_ms)
{
    fill(rate, now_ms);
    if (rate->per_second == 0 || rate->tokens >= TOKEN)
        return now_ms;
    return rate->at_ms + (TOKEN - rate->tokens + rate->per_second - 1) / rate->per_second;
}

bool rate_take(struct rate *rate, int64_t now_ms)
{
    if (rate_next_ms(rate, now_ms) > now_ms)
        return false;
    if (rate->per_second > 0)
        rate->tokens -= TOKEN;
    return true;
}

int64_t rate_book(struct rate *rate, int64_t now_ms)
{
    int64_t due_ms = rate_next_ms(rate, now_ms);
    if (rate->per_second > 0)
        rate->tokens -= TOKEN;
    return due_ms;
}
